import { type ReactNode, useEffect, useRef } from "react"
import { addressOf, languageOfUrl } from "../shared/address"
import { PageLinks } from "./PageLinks"
import { type Page, say } from "./pages"
import type { Session } from "./useSession"
import "../board/board.css"
import "./work.css"

// The frame of a page of work: its title, the other pages of the user, who is signed in, what was
// done last.
export function WorkPage({
  page,
  title,
  session,
  done,
  children,
}: {
  page: Page
  title?: string
  session: Session
  done?: string
  children: ReactNode
}) {
  const other = languageOfUrl() === "zh" ? "en" : "zh"
  const heading = title ?? page.title
  const notice = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    document.documentElement.lang = other === "en" ? "zh-CN" : "en"
    document.title = heading
  }, [other, heading])
  useEffect(() => {
    // what was pressed may be gone: the keyboard goes on from here
    if (done) notice.current?.focus()
  }, [done])
  const here = Object.fromEntries(new URLSearchParams(location.search))

  return (
    <div className="page work">
      <header className="top">
        <h1>{heading}</h1>
        <div className="tools">
          {session.users.length > 1 && (
            <label>
              {say("登录身份", "Signed in as")}{" "}
              <select
                value={session.user?.username}
                onChange={event =>
                  location.assign(addressOf({ ...here, user: event.target.value }))
                }
              >
                {session.users.map(user => (
                  <option key={user.username} value={user.username}>
                    {user.title}
                  </option>
                ))}
              </select>
            </label>
          )}
          <a href={addressOf({ ...here, lang: other })} lang={other === "en" ? "en" : "zh-CN"}>
            {other === "en" ? "English" : "中文"}
          </a>
        </div>
      </header>
      <PageLinks user={session.user} here={page.id} />
      <main className="panel wide">
        <p className="done" role="status" tabIndex={-1} ref={notice}>
          {done}
        </p>
        {session.error && (
          <p className="failed" role="alert">
            {session.error}
          </p>
        )}
        {(session.ready || !session.error) && children}
      </main>
    </div>
  )
}
