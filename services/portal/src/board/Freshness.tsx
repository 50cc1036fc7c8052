import { type Language, t, topicName } from "../shared/messages"
import { formatNumber } from "./amounts"
import type { Board } from "./api"
import { formatDateTime } from "./format"
import { COLOURS } from "./judging"

// How new the figures are, by topic, and the newest proof against the archive.
export function Freshness({ board, language }: { board: Board; language: Language }) {
  const lag = board.freshness.reduce((sum, topic) => sum + Number(topic.lag), 0)
  const isUnknown = board.freshness.some(topic => topic.lag_unknown)
  const parked = board.freshness.reduce((sum, topic) => sum + Number(topic.parked), 0)
  const waiting = board.freshness.reduce((sum, topic) => sum + Number(topic.waiting), 0)
  const state = lag ? "delayed" : isUnknown ? "lagUnknown" : "upToDate"
  const newest = board.freshness
    .map(topic => topic.watermark ?? "")
    .sort()
    .pop()
  return (
    <div className="freshness">
      <p>
        <i style={{ background: state === "upToDate" ? COLOURS.good : COLOURS.near }} />{" "}
        {t(language, state)}
        {lag ? ` · ${lag} ${t(language, "pendingEvents")}` : ""} · {t(language, "dataUpTo")}{" "}
        {formatDateTime(newest, language)}
      </p>
      {parked + waiting > 0 && (
        <p className="unapplied">
          <i style={{ background: COLOURS.bad }} /> ⚠{" "}
          {t(language, "unapplied", formatNumber(parked + waiting))} ·{" "}
          {t(language, "parkedWaiting", formatNumber(parked), formatNumber(waiting))}
        </p>
      )}
      <ul>
        {board.freshness.map(({ topic, lag, lag_unknown, watermark, parked, waiting }) => (
          <li
            key={topic}
            title={
              lag_unknown ? t(language, "lagUnknown") : `${t(language, "pendingEvents")}: ${lag}`
            }
          >
            <b>{topicName(language, topic)}</b> {formatDateTime(watermark, language)}
            {(parked !== "0" || waiting !== "0") &&
              ` ⚠ ${t(language, "parkedWaiting", parked, waiting)}`}
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
          <i style={{ background: proofColour(board.proof) }} /> {t(language, "proof")}:{" "}
          {board.proof.differences.length
            ? `${board.proof.differences.length} ${t(language, "proofDifferences")}`
            : t(language, "proofEqual")}
          {" · "}
          {formatNumber(board.proof.figures)} {t(language, "figures")} ·{" "}
          {formatNumber(board.proof.events)} {t(language, "events")} ·{" "}
          {formatDateTime(board.proof.proved_at, language)}
          {board.proof.unapplied !== "0" &&
            ` · ⚠ ${t(language, "proofWithout", formatNumber(board.proof.unapplied))}`}
        </p>
      )}
    </div>
  )
}

function proofColour(proof: NonNullable<Board["proof"]>): string {
  if (proof.differences.length) return COLOURS.bad
  return proof.unapplied === "0" ? COLOURS.good : COLOURS.near
}
