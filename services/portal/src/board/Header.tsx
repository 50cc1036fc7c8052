import { useMemo } from "react"
import { addressOf } from "../shared/address"
import type { User } from "../shared/deployment"
import { type Language, t } from "../shared/messages"
import { isOpenTo } from "../work/PageLinks"
import { PAGES } from "../work/pages"
import type { Board } from "./api"

// The board's title, and the choice of month, user and language.
export function Header({
  board,
  month,
  users,
  username,
  language,
  onMonth,
  onUser,
  onLanguage,
}: {
  board: Board | undefined
  month: string
  users: User[]
  username: string
  language: Language
  onMonth: (month: string) => void
  onUser: (username: string) => void
  onLanguage: (language: Language) => void
}) {
  const months = useMemo(
    () => [...new Set((board?.trend ?? []).map(figure => figure.month))].sort().reverse(),
    [board],
  )
  const user = users.find(one => one.username === username)
  const work = PAGES.find(page => page.roles.length > 0 && isOpenTo(page, user))
  return (
    <header className="top">
      <h1>
        {board ? `${board.area.name} · ` : ""}
        {t(language, "title")}
      </h1>
      <div className="tools">
        <label>
          {t(language, "month")}{" "}
          <select value={month} onChange={event => onMonth(event.target.value)}>
            <option value="">{t(language, "currentMonth")}</option>
            {[...new Set([...(month ? [month] : []), ...months])].map(one => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        {users.length > 0 && (
          <label>
            {t(language, "signedInAs")}{" "}
            <select value={username} onChange={event => onUser(event.target.value)}>
              {users.map(user => (
                <option key={user.username} value={user.username}>
                  {user.title}
                </option>
              ))}
            </select>
          </label>
        )}
        {work && <a href={addressOf({ page: work.id })}>{t(language, "work")}</a>}
        <a href="/docs">{t(language, "apiDocs")}</a>
        <button type="button" onClick={() => onLanguage(language === "zh" ? "en" : "zh")}>
          {language === "zh" ? "English" : "中文"}
        </button>
      </div>
    </header>
  )
}
