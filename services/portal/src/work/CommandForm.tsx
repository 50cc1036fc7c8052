import { type FormEvent, useEffect, useId, useRef, useState } from "react"
import { type FieldError, Problem, wordsOf } from "../shared/client"
import { fenOf } from "./amounts"
import { say } from "./pages"

// A field by the name that the interface gives it. Money is typed in yuan and sent in fen.
export interface Field<N extends string = string> {
  name: N
  label: string
  kind: "text" | "long" | "day" | "yuan" | "count" | "choice"
  options?: readonly (readonly [value: string, label: string])[]
  value?: string
  optional?: boolean
  most?: number
}

export type Values<N extends string = string> = { [name in N]?: string }

// A command as a form. What the interface refuses stands beside the field it names, in the reader's
// language; the same command sent again, after a lost answer, keeps its key and takes effect once.
export function CommandForm<N extends string>({
  title,
  fields,
  verb,
  warning,
  send,
}: {
  title: string
  fields: readonly Field<N>[]
  verb: string
  // What cannot be undone.
  warning?: string
  // Without the optional fields that are empty.
  send: (values: Values<N>, key: string) => Promise<void>
}) {
  const base = useId()
  const form = useRef<HTMLFormElement>(null)
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(fields.map(field => [field.name, field.value ?? ""])),
  )
  const [key, setKey] = useState<string>(() => crypto.randomUUID())
  const [errors, setErrors] = useState<FieldError[]>([])
  const [error, setError] = useState("")
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>("[aria-invalid=true], .failed")?.focus()
  }, [error])

  const change = (name: string, value: string) => {
    setValues(before => ({ ...before, [name]: value }))
    setErrors(before => before.filter(one => one.field !== name))
    setKey(crypto.randomUUID())
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setError("")
    setErrors([])
    try {
      await send(sent(fields, values), key)
    } catch (cause) {
      setErrors(cause instanceof Problem ? cause.errors : [])
      setError(wordsOf(cause))
    } finally {
      setBusy(false)
    }
  }
  const named = new Set<string>(fields.map(field => field.name))
  const others = errors.filter(one => !named.has(one.field))
  return (
    <form className="command" aria-labelledby={`${base}-title`} onSubmit={submit} ref={form}>
      <h3 id={`${base}-title`}>{title}</h3>
      {warning && <p className="note">{warning}</p>}
      {fields.map(field => {
        const wrong = errors.filter(one => one.field === field.name).map(one => one.rule)
        const id = `${base}-${field.name}`
        return (
          <div className="field" key={field.name}>
            <label htmlFor={id}>
              {field.label}
              {field.optional && <small> {say("（可不填）", "(optional)")}</small>}
            </label>
            <Input
              field={field}
              id={id}
              value={values[field.name] ?? ""}
              wrong={wrong.length > 0}
              onChange={value => change(field.name, value)}
            />
            {wrong.length > 0 && (
              <p className="wrong" id={`${id}-wrong`}>
                {wrong.join(say("；", "; "))}
              </p>
            )}
          </div>
        )
      })}
      {error && (
        <div className="failed" role="alert" tabIndex={-1}>
          {error}
          {others.length > 0 && (
            <ul>
              {others.map(one => (
                <li key={`${one.field} ${one.rule}`}>
                  {one.field}: {one.rule}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <button type="submit" className="primary" disabled={busy}>
        {busy ? say("正在提交…", "Sending…") : verb}
      </button>
    </form>
  )
}

function Input({
  field,
  id,
  value,
  wrong,
  onChange,
}: {
  field: Field
  id: string
  value: string
  wrong: boolean
  onChange: (value: string) => void
}) {
  const shared = {
    id,
    name: field.name,
    value,
    required: !field.optional,
    "aria-invalid": wrong,
    "aria-describedby": wrong ? `${id}-wrong` : undefined,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  }
  if (field.kind === "choice")
    return (
      <select {...shared}>
        <option value="">{say("请选择", "Choose")}</option>
        {field.options?.map(([option, label]) => (
          <option key={option} value={option}>
            {label}
          </option>
        ))}
      </select>
    )
  if (field.kind === "long") return <textarea rows={3} maxLength={field.most} {...shared} />
  if (field.kind === "yuan")
    return (
      <input
        inputMode="decimal"
        pattern="[0-9]{1,12}(\.[0-9]{1,2})?"
        title={say("元，至多两位小数", "yuan, at most two decimals")}
        autoComplete="off"
        {...shared}
      />
    )
  if (field.kind === "count") return <input type="number" min={0} step={1} {...shared} />
  const type = field.kind === "day" ? "date" : "text"
  return <input type={type} maxLength={field.most} autoComplete="off" {...shared} />
}

function sent<N extends string>(fields: readonly Field<N>[], values: Values): Values<N> {
  const filled: Values<N> = {}
  for (const { name, kind } of fields) {
    const value = values[name]?.trim()
    if (value) filled[name] = kind === "yuan" ? fenOf(value) : value
  }
  return filled
}
