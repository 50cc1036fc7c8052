// What the address of a page says; it never names a person.
export type Language = "zh" | "en"

export const urlParameter = (name: string): string =>
  new URLSearchParams(location.search).get(name) ?? ""

export const languageOfUrl = (): Language => (urlParameter("lang") === "en" ? "en" : "zh")

// As `Accept-Language` names it: problems are told in the language of the page, whatever the browser's.
export const languageTag = (): string => (languageOfUrl() === "zh" ? "zh-CN" : "en")

// A page's address in the same language and for the same user, where nothing else is said.
export function addressOf(changed: Record<string, string>): string {
  const query = new URLSearchParams()
  for (const name of ["user", "lang"]) if (urlParameter(name)) query.set(name, urlParameter(name))
  for (const [name, value] of Object.entries(changed)) query.set(name, value)
  return `?${query}`
}
