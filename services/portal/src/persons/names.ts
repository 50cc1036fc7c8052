// The field's words for kinds, states and documents, in both languages.
import type { Words } from "../work/format"
import type { Document } from "./LifeEventsPage"

export const KINDS: Words = {
  KIND_DEATH: ["死亡", "death"],
  KIND_MOVED_OUT: ["迁出", "moved out"],
  KIND_ID_NUMBER: ["身份证号变更", "another ID number"],
}
export const STATES: Words = {
  STATE_REPORTED: ["待核实", "waits for an official"],
  STATE_IN_FORCE: ["有效", "a fact"],
  STATE_REJECTED: ["不予认定", "rejected"],
  STATE_CORRECTED: ["日期已更正", "on another day"],
  STATE_REVOKED: ["已撤销", "did not happen"],
  STATE_OVER: ["已迁回", "came back"],
}
export const REPORTERS: Words = {
  official: ["民政工作人员", "an official"],
  hotline: ["热线", "the hotline"],
  family: ["家属", "family"],
}
export const DOCUMENTS: Record<NonNullable<Document["kind"]>, readonly [string, string]> = {
  KIND_DEATH_CERTIFICATE: ["居民死亡医学证明", "death certificate"],
  KIND_CREMATION_CERTIFICATE: ["火化证明", "cremation certificate"],
  KIND_REGISTER_CANCELLATION: ["户口注销证明", "cancellation of the register"],
  KIND_COURT_DECISION: ["人民法院判决书", "court decision"],
  KIND_HOUSEHOLD_REGISTER: ["户口簿或迁移证", "household register"],
  KIND_IDENTITY_CARD: ["居民身份证", "identity card"],
  KIND_RESIDENCE_CERTIFICATE: ["居住证明", "certificate of residence"],
  KIND_EXCHANGE_FILE: ["部门数据比对", "file of another office"],
  KIND_HOME_CHECK: ["入户核查记录", "visit at home"],
}
