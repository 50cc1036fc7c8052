// What a deployment adds to the contracts: its settings for the portal, demo users and the issuer
// of one box.
import { languageTag } from "./address"
import { Problem } from "./client"

export interface Deployment {
  traces_url: string | null
}
export interface User {
  username: string
  title: string
  roles: string[]
  area?: string
}

async function jsonOf<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T
  throw new Problem(response, await response.json().catch(() => undefined))
}

const inLanguage = (): RequestInit => ({ headers: { "Accept-Language": languageTag() } })

export async function readDeployment(): Promise<Deployment> {
  return jsonOf<Deployment>(await fetch("/portal.json", inLanguage()))
}

let areaNames: Promise<Record<string, string>> | undefined

// The name of each area by its code, asked for once; none where they cannot be read.
export function readAreaNames(): Promise<Record<string, string>> {
  areaNames ??= fetch("/areas.json", inLanguage())
    .then(jsonOf<Record<string, string>>)
    .catch(() => {
      areaNames = undefined
      return {}
    })
  return areaNames
}

export async function listUsers(): Promise<User[]> {
  return (await jsonOf<{ users: User[] }>(await fetch("/onebox/users", inLanguage()))).users
}

export async function requestToken(username: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: "password", username, password: "demo" })
  const answer = await fetch("/token", { method: "POST", body, ...inLanguage() })
  return (await jsonOf<{ access_token: string }>(answer)).access_token
}
