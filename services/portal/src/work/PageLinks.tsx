import { addressOf } from "../shared/address"
import type { User } from "../shared/deployment"
import { PAGES, type Page, say } from "./pages"

// The pages that a user may open; all of them where nobody is signed in yet.
export function PageLinks({ user, here }: { user: User | undefined; here?: string }) {
  return (
    <nav className="pages" aria-label={say("业务办理", "Work")}>
      {PAGES.filter(page => isOpenTo(page, user)).map(page => (
        <a
          key={page.id}
          href={addressOf({ page: page.id })}
          title={page.purpose}
          aria-current={page.id === here ? "page" : undefined}
        >
          {page.title}
        </a>
      ))}
    </nav>
  )
}

export const isOpenTo = (page: Page, user: User | undefined): boolean =>
  !page.roles.length || !user || user.roles.some(role => page.roles.includes(role))
