import { choices, type Words } from "./format"
import { say } from "./pages"

// Which rows a list shows.
export function StateFilter({
  states,
  state,
  onState,
  all = true,
}: {
  states: Words
  state: string
  onState: (state: string) => void
  // Whether rows of every state can be asked for.
  all?: boolean
}) {
  return (
    <div className="filters">
      <label>
        {say("状态", "State")}{" "}
        <select value={state} onChange={event => onState(event.target.value)}>
          {all && <option value="">{say("全部", "all")}</option>}
          {choices(states).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
