import type { User } from "../shared/deployment"
import { type Language, t } from "../shared/messages"
import { PageLinks } from "../work/PageLinks"

// Whoever the board is not for is led to the pages that are.
export function NoBoard({ user, language }: { user: User; language: Language }) {
  return (
    <div className="page work">
      <header className="top">
        <h1>{t(language, "title")}</h1>
      </header>
      <main className="panel wide">
        <p>{t(language, "boardIsFor", user.title)}</p>
        <PageLinks user={user} />
      </main>
    </div>
  )
}
