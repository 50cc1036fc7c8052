import { lazy, Suspense, useEffect, useMemo, useState } from "react"
import { languageOfUrl, urlParameter } from "../shared/address"
import { listUsers, type User } from "../shared/deployment"
import { type Language, t } from "../shared/messages"
import "./board.css"
import { Cartogram } from "./Cartogram"
import { Freshness } from "./Freshness"
import { figuresByCode, formatDateTime, formatTime, indicatorName } from "./format"
import { Header } from "./Header"
import { IndicatorCard } from "./IndicatorCard"
import { IndicatorTable } from "./IndicatorTable"
import { Lineage } from "./Lineage"
import { NoBoard } from "./NoBoard"
import { SubareaTable } from "./SubareaTable"
import { useBoard } from "./useBoard"
import { liesWithin, useView } from "./view"

// The library of charts is most of the script; the figures do not wait for it.
const Trend = lazy(async () => ({ default: (await import("./Trend")).Trend }))
const CITY = "341100000000"
const BOARD_ROLES = new Set(["official", "inspector"])

const seesBoard = (user: User) =>
  Boolean(user.area) && user.roles.some(role => BOARD_ROLES.has(role))

// The regulator's board of one area: key figures, cartogram, trend, tables, lineage.
export function BoardPage() {
  const [language, setLanguage] = useState<Language>(languageOfUrl)
  const [everybody, setEverybody] = useState<User[]>([])
  const [username, setUsername] = useState(() => urlParameter("user") || "city")
  const [view, navigate] = useView()
  const [selectedCode, setSelectedCode] = useState("")
  const [traced, setTraced] = useState<{ code: string; area: string }>()

  const users = everybody.filter(seesBoard)
  const homeArea = users.find(user => user.username === username)?.area ?? CITY
  const { ask, board, readAt, outdated, error, refresh } = useBoard(
    username,
    view.area || homeArea,
    view.month,
  )

  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en"
    document.title = t(language, "title")
  }, [language])
  useEffect(() => {
    listUsers().then(setEverybody, () => setEverybody([]))
  }, [])

  const changeLanguage = (next: Language) => {
    const query = new URLSearchParams(location.search)
    query.set("lang", next)
    history.replaceState(null, "", `?${query}`)
    setLanguage(next)
  }
  const changeUser = (next: string) => {
    setUsername(next)
    navigate({ area: "" })
  }
  const enter = (area: string) => navigate({ area })

  const keyIndicators = useMemo(
    () => (board?.indicators ?? []).filter(indicator => indicator.key),
    [board],
  )
  const selected =
    board?.indicators.find(indicator => indicator.code === selectedCode) ?? keyIndicators[0]
  const selectedName = selected ? indicatorName(selected, language) : ""
  const isStale = outdated || error !== ""
  const figures = useMemo(() => figuresByCode(board?.figures ?? []), [board])

  const stranger = everybody.find(user => user.username === username && !seesBoard(user))
  if (stranger) return <NoBoard user={stranger} language={language} />

  return (
    <div className="page">
      <Header
        board={board}
        month={view.month}
        users={users}
        username={username}
        language={language}
        onMonth={month => navigate({ month })}
        onUser={changeUser}
        onLanguage={changeLanguage}
      />
      {error && (
        <p className="failed" role="alert">
          {t(language, "readFailed")} — {error}
          {readAt && ` · ${t(language, "shownAsOf", formatTime(readAt, language))}`}{" "}
          <button type="button" onClick={() => void refresh()}>
            {t(language, "retry")}
          </button>{" "}
          {!board && (view.area || view.month) && (
            <button type="button" onClick={() => navigate({ area: "", month: "" })}>
              {t(language, "ownBoard")}
            </button>
          )}
        </p>
      )}
      {!board && !error && <p className="loading">{t(language, "loading")}</p>}
      {board && (
        <div className={isStale ? "figures stale" : "figures"} aria-busy={outdated}>
          <nav className="path" aria-label={t(language, "area")}>
            {board.path.map(area => (
              <button
                type="button"
                key={area.area_code}
                disabled={
                  area.area_code === board.area.area_code || !liesWithin(area.area_code, homeArea)
                }
                onClick={() => enter(area.area_code)}
              >
                {area.name}
              </button>
            ))}
            <span className="hint">{t(language, "hint")}</span>
          </nav>
          <section className="keys" aria-label={t(language, "keyFigures")}>
            {keyIndicators.map(indicator => (
              <IndicatorCard
                key={indicator.code}
                indicator={indicator}
                figure={figures.get(indicator.code)}
                language={language}
                selected={indicator.code === selected?.code}
                onSelect={() => setSelectedCode(indicator.code)}
                onTrace={() => setTraced({ code: indicator.code, area: board.area_code })}
              />
            ))}
          </section>
          <section className="panel map">
            <h2>
              {t(language, "cartogram")} · {selectedName}
            </h2>
            <Cartogram board={board} indicator={selected} language={language} onEnter={enter} />
          </section>
          <section className="panel">
            <h2>
              {t(language, "trend")} · {selectedName}
            </h2>
            <Suspense fallback={<div className="trend" />}>
              <Trend board={board} indicator={selected} language={language} />
            </Suspense>
            <Freshness board={board} language={language} />
          </section>
          <section className="panel wide">
            <h2>{t(language, "subareas")}</h2>
            <SubareaTable
              board={board}
              indicators={keyIndicators}
              language={language}
              onEnter={enter}
              onTrace={(code, area) => setTraced({ code, area })}
            />
          </section>
          <section className="panel wide">
            <h2>{t(language, "allIndicators")}</h2>
            <IndicatorTable
              indicators={board.indicators}
              figures={figures}
              language={language}
              selected={selected?.code ?? ""}
              onSelect={setSelectedCode}
              onTrace={code => setTraced({ code, area: board.area_code })}
            />
          </section>
          <footer>
            {readAt && `${t(language, "refreshedAt")} ${formatTime(readAt, language)} · `}
            {t(language, "dataUpTo")} {formatDateTime(board.made_at, language)}
          </footer>
        </div>
      )}
      {traced && board && (
        <Lineage
          ask={ask}
          area={traced.area}
          month={board.month}
          code={traced.code}
          language={language}
          onClose={() => setTraced(undefined)}
        />
      )}
    </div>
  )
}
