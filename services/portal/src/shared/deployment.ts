// What a deployment adds to the contracts: its settings for the portal, demo users and the issuer
// of one box.
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

export async function readDeployment(): Promise<Deployment> {
  return jsonOf<Deployment>(await fetch("/portal.json"))
}

export async function listUsers(): Promise<User[]> {
  return (await jsonOf<{ users: User[] }>(await fetch("/onebox/users"))).users
}

export async function requestToken(username: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: "password", username, password: "demo" })
  return (await jsonOf<{ access_token: string }>(await fetch("/token", { method: "POST", body })))
    .access_token
}
