import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import {
  type Board,
  type Figure,
  type Indicator,
  Problem,
  type User,
  board as readBoard,
  login,
  users as readUsers,
} from "./api"
import { Cartogram } from "./Cartogram"
import { COLOURS, byCode, clock, instant, name, number, state, text, unit } from "./figures"
import { Lineage } from "./Lineage"
import { Trend } from "./Trend"
import { type Language, dimension, say, topic } from "./words"

const AGAIN_MS = 5000
const CITY = "341100000000"

interface Place {
  area: string
  month: string
}

function fromAddress(): Place {
  const query = new URLSearchParams(location.search)
  return { area: query.get("area") ?? "", month: query.get("month") ?? "" }
}

export function App() {
  const [language, setLanguage] = useState<Language>(() =>
    new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh",
  )
  const [people, setPeople] = useState<User[]>([])
  const [username, setUsername] = useState(
    () => new URLSearchParams(location.search).get("user") ?? "city",
  )
  const [token, setToken] = useState("")
  const [place, setPlace] = useState<Place>(fromAddress)
  const [board, setBoard] = useState<Board>()
  const [failed, setFailed] = useState("")
  const [chosen, setChosen] = useState("")
  const [traced, setTraced] = useState<{ code: string; area: string }>()
  const [readAt, setReadAt] = useState(new Date())
  const asked = useRef(0)

  const user = people.find(one => one.username === username)
  const home = user?.area ?? CITY
  const area = place.area || home

  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en"
    document.title = say(language, "title")
  }, [language])
  useEffect(() => {
    void readUsers()
      .then(all =>
        setPeople(
          all.filter(
            one => one.area && one.roles.some(role => role === "official" || role === "inspector"),
          ),
        ),
      )
      .catch(() => setPeople([]))
  }, [])
  useEffect(() => {
    const back = () => setPlace(fromAddress())
    window.addEventListener("popstate", back)
    return () => window.removeEventListener("popstate", back)
  }, [])
  const enterAs = useCallback(async () => {
    try {
      setToken(await login(username))
      setFailed("")
    } catch (error) {
      setFailed(error instanceof Problem ? error.message : String(error))
    }
  }, [username])
  useEffect(() => {
    void enterAs()
  }, [enterAs])

  const read = useCallback(async () => {
    if (!token) return
    const mine = ++asked.current
    try {
      const told = await readBoard(token, area, place.month)
      if (mine === asked.current) {
        setBoard(told)
        setFailed("")
        setReadAt(new Date())
      }
    } catch (error) {
      if (mine !== asked.current) return
      if (error instanceof Problem && error.status === 401) void enterAs()
      else setFailed(error instanceof Problem ? `${error.reason}: ${error.message}` : String(error))
    }
  }, [token, area, place.month, enterAs])
  useEffect(() => {
    void read()
    const again = setInterval(() => void (document.hidden || read()), AGAIN_MS)
    return () => clearInterval(again)
  }, [read])

  const go = useCallback((next: Partial<Place>) => {
    setPlace(before => {
      const after = { ...before, ...next }
      const query = new URLSearchParams(location.search)
      for (const [key, value] of [
        ["area", after.area],
        ["month", after.month],
      ] as const)
        value ? query.set(key, value) : query.delete(key)
      history.pushState(null, "", `?${query}`)
      return after
    })
  }, [])
  const change = (to: Language) => {
    const query = new URLSearchParams(location.search)
    query.set("lang", to)
    history.replaceState(null, "", `?${query}`)
    setLanguage(to)
  }

  const indicators = useMemo(
    () => new Map((board?.indicators ?? []).map(one => [one.code, one])),
    [board],
  )
  const keys = useMemo(() => (board?.indicators ?? []).filter(one => one.key), [board])
  const current = indicators.get(chosen) ?? keys[0]
  const figures = useMemo(() => byCode(board?.figures ?? []), [board])
  const months = useMemo(
    () => [...new Set((board?.trend ?? []).map(one => one.month))].sort().reverse(),
    [board],
  )

  return (
    <div className="page">
      <header className="top">
        <h1>
          {board ? `${board.area.name} · ` : ""}
          {say(language, "title")}
        </h1>
        <div className="tools">
          <label>
            {say(language, "month")}{" "}
            <select value={place.month} onChange={event => go({ month: event.target.value })}>
              <option value="">{say(language, "now")}</option>
              {[...new Set([...(place.month ? [place.month] : []), ...months])].map(one => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
          {people.length > 0 && (
            <label>
              {say(language, "user")}{" "}
              <select
                value={username}
                onChange={event => {
                  setUsername(event.target.value)
                  setBoard(undefined)
                  go({ area: "" })
                }}
              >
                {people.map(one => (
                  <option key={one.username} value={one.username}>
                    {one.title}
                  </option>
                ))}
              </select>
            </label>
          )}
          <a href="/docs">{say(language, "interface")}</a>
          <button onClick={() => change(language === "zh" ? "en" : "zh")}>
            {language === "zh" ? "English" : "中文"}
          </button>
        </div>
      </header>
      {failed && (
        <p className="failed" role="alert">
          {say(language, "failed")} — {failed}{" "}
          <button onClick={() => void read()}>{say(language, "retry")}</button>
        </p>
      )}
      {!board && !failed && <p className="loading">{say(language, "loading")}</p>}
      {board && (
        <>
          <nav className="path" aria-label={say(language, "area")}>
            {board.path.map(one => (
              <button
                key={one.area_code}
                disabled={one.area_code === board.area.area_code || !within(one.area_code, home)}
                onClick={() => go({ area: one.area_code })}
              >
                {one.name}
              </button>
            ))}
            <span className="hint">{say(language, "hint")}</span>
          </nav>
          <section className="keys" aria-label={say(language, "key")}>
            {keys.map(one => (
              <Card
                key={one.code}
                indicator={one}
                figure={figures.get(one.code)}
                language={language}
                chosen={one.code === current?.code}
                choose={() => setChosen(one.code)}
                trace={() => setTraced({ code: one.code, area: board.area_code })}
              />
            ))}
          </section>
          <section className="panel map">
            <h2>
              {say(language, "map")} · {current ? name(current, language) : ""}
              <small>{say(language, "size")}</small>
            </h2>
            <Cartogram
              board={board}
              indicator={current}
              language={language}
              enter={code => go({ area: code })}
            />
          </section>
          <section className="panel">
            <h2>
              {say(language, "trend")} · {current ? name(current, language) : ""}
            </h2>
            <Trend board={board} indicator={current} language={language} />
            <FreshnessBar board={board} language={language} />
          </section>
          <section className="panel wide">
            <h2>{say(language, "parts")}</h2>
            <Parts
              board={board}
              keys={keys}
              language={language}
              enter={code => go({ area: code })}
              trace={(code, where) => setTraced({ code, area: where })}
            />
          </section>
          <section className="panel wide">
            <h2>{say(language, "all")}</h2>
            <All
              indicators={board.indicators}
              figures={figures}
              language={language}
              chosen={current?.code ?? ""}
              choose={setChosen}
              trace={code => setTraced({ code, area: board.area_code })}
            />
          </section>
          <footer>
            {say(language, "updated")} {clock(readAt, language)} · {say(language, "fresh")}{" "}
            {instant(board.made_at, language)}
          </footer>
        </>
      )}
      {traced && board && (
        <Lineage
          token={token}
          area={traced.area}
          month={board.month}
          code={traced.code}
          language={language}
          close={() => setTraced(undefined)}
        />
      )}
    </div>
  )
}

// True where a code lies in the signed-in person's own area.
function within(code: string, home: string): boolean {
  const prefix = home.endsWith("00000000")
    ? home.slice(0, 4)
    : home.endsWith("000000")
      ? home.slice(0, 6)
      : home.endsWith("000")
        ? home.slice(0, 9)
        : home
  return code.startsWith(prefix)
}

function goal(indicator: Indicator, language: Language): string {
  if (indicator.target === undefined || indicator.target === null || !indicator.target_sense)
    return say(language, "watch")
  return `${say(language, "target")} ${say(language, indicator.target_sense === "at least" ? "atLeast" : "atMost")} ${indicator.target}${unit(indicator, language)}`
}

function Card({
  indicator,
  figure,
  language,
  chosen,
  choose,
  trace,
}: {
  indicator: Indicator
  figure: Figure | undefined
  language: Language
  chosen: boolean
  choose: () => void
  trace: () => void
}) {
  return (
    <article
      className={`card ${chosen ? "chosen" : ""}`}
      style={{ borderTopColor: COLOURS[state(figure, indicator)] }}
      onClick={choose}
    >
      <h3>{name(indicator, language)}</h3>
      <button
        className="value"
        onClick={event => {
          event.stopPropagation()
          trace()
        }}
      >
        {text(figure, indicator)}
        <small>{figure?.value === undefined ? "" : unit(indicator, language)}</small>
      </button>
      <p>{goal(indicator, language)}</p>
      {figure && figure.denominator !== "0" && (
        <p className="pair">
          {number(figure.numerator)} / {number(figure.denominator)}
        </p>
      )}
    </article>
  )
}

function FreshnessBar({ board, language }: { board: Board; language: Language }) {
  const lag = board.freshness.reduce((sum, one) => sum + Number(one.lag), 0)
  return (
    <div className="freshness">
      <p>
        <i style={{ background: lag ? COLOURS.near : COLOURS.good }} />{" "}
        {say(language, lag ? "late" : "fine")}
        {lag ? ` · ${lag} ${say(language, "lag")}` : ""} · {say(language, "fresh")}{" "}
        {instant(
          board.freshness
            .map(one => one.watermark ?? "")
            .sort()
            .pop(),
          language,
        )}
      </p>
      <ul>
        {board.freshness.map(one => (
          <li key={one.topic} title={`${say(language, "lag")}: ${one.lag}`}>
            <b>{topic(language, one.topic)}</b> {instant(one.watermark, language)}
          </li>
        ))}
      </ul>
      {board.counts_outdated && (
        <p className="proof">
          <i style={{ background: COLOURS.near }} /> {say(language, "recounting")}
        </p>
      )}
      {board.proof?.proved_at && (
        <p className="proof">
          <i style={{ background: board.proof.differences.length ? COLOURS.bad : COLOURS.good }} />{" "}
          {say(language, "proof")}:{" "}
          {board.proof.differences.length
            ? `${board.proof.differences.length} ${say(language, "proofBad")}`
            : say(language, "proofGood")}
          {" · "}
          {number(board.proof.figures)} {say(language, "figures")} · {number(board.proof.events)}{" "}
          {say(language, "events")} · {instant(board.proof.proved_at, language)}
        </p>
      )}
    </div>
  )
}

function Parts({
  board,
  keys,
  language,
  enter,
  trace,
}: {
  board: Board
  keys: Indicator[]
  language: Language
  enter: (code: string) => void
  trace: (code: string, area: string) => void
}) {
  if (!board.parts.length) return <p className="loading">{say(language, "deepest")}</p>
  return (
    <div className="scroll">
      <table className="parts">
        <thead>
          <tr>
            <th>{say(language, "area")}</th>
            <th>{say(language, "elders")}</th>
            {keys.map(one => (
              <th key={one.code}>{name(one, language)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {board.parts.map(part => {
            const figures = byCode(part.figures)
            return (
              <tr key={part.area.area_code}>
                <th>
                  <button onClick={() => enter(part.area.area_code)}>{part.area.name}</button>
                </th>
                <td>{number(part.area.elders)}</td>
                {keys.map(one => {
                  const figure = figures.get(one.code)
                  return (
                    <td key={one.code} style={{ color: COLOURS[state(figure, one)] }}>
                      <button onClick={() => trace(one.code, part.area.area_code)}>
                        {text(figure, one)}
                        {figure?.value === undefined ? "" : unit(one, language)}
                      </button>
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function All({
  indicators,
  figures,
  language,
  chosen,
  choose,
  trace,
}: {
  indicators: Indicator[]
  figures: Map<string, Figure>
  language: Language
  chosen: string
  choose: (code: string) => void
  trace: (code: string) => void
}) {
  return (
    <div className="scroll">
      <table className="all">
        <thead>
          <tr>
            <th>{say(language, "dimension")}</th>
            <th>{say(language, "indicator")}</th>
            <th>{say(language, "value")}</th>
            <th>{say(language, "numerator")}</th>
            <th>{say(language, "denominator")}</th>
            <th>{say(language, "target")}</th>
            <th>{say(language, "formula")}</th>
          </tr>
        </thead>
        <tbody>
          {indicators.map(one => {
            const figure = figures.get(one.code)
            return (
              <tr key={one.code} className={one.code === chosen ? "chosen" : ""}>
                <td>{dimension(language, one.dimension)}</td>
                <th>
                  <button onClick={() => choose(one.code)}>
                    {one.code} {name(one, language)}
                  </button>
                </th>
                <td style={{ color: COLOURS[state(figure, one)] }}>
                  <button onClick={() => trace(one.code)}>
                    {text(figure, one)}
                    {figure?.value === undefined ? "" : unit(one, language)}
                  </button>
                </td>
                <td>{figure ? number(figure.numerator) : "—"}</td>
                <td>{figure && figure.denominator !== "0" ? number(figure.denominator) : "—"}</td>
                <td>{goal(one, language)}</td>
                <td className="formula">{language === "zh" ? one.formula_zh : one.formula_en}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
