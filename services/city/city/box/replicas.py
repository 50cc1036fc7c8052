"""Several processes of each service, each of which may run the code of another release."""

import json
import os
from pathlib import Path

from city.box.services import Endpoints, Service, environment, management_url
from city.box.state import State
from city.names import BUSINESS, present


def code(release: Path | None) -> dict[str, str]:
    """The variables with which Python finds the code of a release in a folder; None: our own.

    Its packages are those that lie in that folder, `services/NAME/NAME`: each release has its own.
    """
    if release is None:
        return {}
    packages = sorted((release / "services").glob("*/*/__init__.py"))
    folders = [init.parents[1] for init in packages if init.parent.name == init.parents[1].name]
    return {"PYTHONPATH": os.pathsep.join(map(str, [*folders, release / "protos" / "gen"]))}


class Replica(Service):
    """One of `of` processes of a service. release: the folder whose code it runs from its next
    start on; None: our own.
    """

    def __init__(
        self,
        state: State,
        endpoints: Endpoints,
        service: str,
        number: int,
        of: int,
        release: Path | None,
    ) -> None:
        super().__init__(state, endpoints, service)
        self.name = f"{service}-{number}"
        self.log = state.logs / f"{self.name}.log"
        self.of = of
        self.release = release

    @property
    def address(self) -> str:
        return self._own("http" if self.service == "gateway" else "grpc")

    def prepare(self) -> None:
        state = self.state
        own = {
            "MEMBER": self.name,
            "GRPC": self._own("grpc"),
            "MANAGEMENT": self._own("management"),
            "SUBSIDY_ADDRESS": self._all("subsidy"),
            "ASSESSMENT_ADDRESS": self._all("assessment"),
        }
        if self.service == "gateway":
            numbers = range(1, self.of + 1)
            names = [f"{service}-{number}" for service in present() for number in numbers]
            own |= {
                "LISTEN": self._own("http"),
                "SERVICES": json.dumps(
                    {f"eldercare.{each}.v1": self._all(each) for each in BUSINESS}
                ),
                "PEERS": json.dumps({name: management_url(state, name) for name in names}),
            }
        everybody = environment(state, self.endpoints, self.service)
        self._environment = everybody | own | code(self.release)

    def _own(self, protocol: str) -> str:
        return f"127.0.0.1:{self.state.port(f'{self.name}.{protocol}')}"

    def _all(self, service: str) -> str:
        """Every replica of a neighbour; a client of gRPC takes them in turn and leaves out who does
        not answer.
        """
        return "ipv4:" + ",".join(
            f"127.0.0.1:{self.state.port(f'{service}-{number}.grpc')}"
            for number in range(1, self.of + 1)
        )
