// Command compose reads Compose files as Docker Compose does, with the same library, and prints the project they make as JSON.
//
//	compose [-profile NAME]... FILE...
//
// The file .env beside the first one gives the variables; those of the process are not looked at. A variable that is nowhere set is an error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/sirupsen/logrus"
)

type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(name string) error {
	*n = append(*n, name)
	return nil
}

// warnings keeps what the library says beside its answer: it takes an unset variable for an empty one.
type warnings struct{ said []string }

func (w *warnings) Levels() []logrus.Level { return logrus.AllLevels }

func (w *warnings) Fire(entry *logrus.Entry) error {
	w.said = append(w.said, entry.Message)
	return nil
}

func run(files []string, profiles []string) ([]byte, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("name a Compose file")
	}
	heard := &warnings{}
	logrus.AddHook(heard)
	folder := filepath.Dir(files[0])
	variables, err := dotenv.GetEnvFromFile(map[string]string{}, []string{filepath.Join(folder, ".env")})
	if err != nil {
		return nil, err
	}
	environment := make([]string, 0, len(variables))
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	options, err := cli.NewProjectOptions(
		files,
		cli.WithWorkingDirectory(folder),
		cli.WithEnv(environment),
		cli.WithProfiles(profiles),
		cli.WithInterpolation(true),
		cli.WithNormalization(true),
		cli.WithConsistency(true),
	)
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	if len(heard.said) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(heard.said, "; "))
	}
	return project.MarshalJSON()
}

func main() {
	var profiles names
	flag.Var(&profiles, "profile", "a profile that is on; may be given again")
	flag.Parse()
	project, err := run(flag.Args(), profiles)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
	fmt.Println(string(project))
}
