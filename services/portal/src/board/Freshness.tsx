import { type Language, t, topicName } from "../shared/messages"
import type { Board } from "./api"
import { COLOURS, formatDateTime, formatNumber } from "./format"

// How new the figures are, by topic, and the newest proof against the archive.
export function Freshness({ board, language }: { board: Board; language: Language }) {
  const lag = board.freshness.reduce((sum, topic) => sum + Number(topic.lag), 0)
  const newest = board.freshness
    .map(topic => topic.watermark ?? "")
    .sort()
    .pop()
  return (
    <div className="freshness">
      <p>
        <i style={{ background: lag ? COLOURS.near : COLOURS.good }} />{" "}
        {t(language, lag ? "delayed" : "upToDate")}
        {lag ? ` · ${lag} ${t(language, "pendingEvents")}` : ""} · {t(language, "dataUpTo")}{" "}
        {formatDateTime(newest, language)}
      </p>
      <ul>
        {board.freshness.map(({ topic, lag, watermark }) => (
          <li key={topic} title={`${t(language, "pendingEvents")}: ${lag}`}>
            <b>{topicName(language, topic)}</b> {formatDateTime(watermark, language)}
          </li>
        ))}
      </ul>
      {board.counts_outdated && (
        <p className="proof">
          <i style={{ background: COLOURS.near }} /> {t(language, "recounting")}
        </p>
      )}
      {board.proof?.proved_at && (
        <p className="proof">
          <i style={{ background: board.proof.differences.length ? COLOURS.bad : COLOURS.good }} />{" "}
          {t(language, "proof")}:{" "}
          {board.proof.differences.length
            ? `${board.proof.differences.length} ${t(language, "proofDifferences")}`
            : t(language, "proofEqual")}
          {" · "}
          {formatNumber(board.proof.figures)} {t(language, "figures")} ·{" "}
          {formatNumber(board.proof.events)} {t(language, "events")} ·{" "}
          {formatDateTime(board.proof.proved_at, language)}
        </p>
      )}
    </div>
  )
}
