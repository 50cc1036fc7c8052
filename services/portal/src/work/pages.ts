// The pages of work: what each is for, and the roles whose users may open it; none: anybody.
import { languageOfUrl } from "../shared/address"

// A text in both languages, in that of the page. A page's texts stand where they are shown, so that
// they load with it.
export const say = (zh: string, en: string): string => (languageOfUrl() === "zh" ? zh : en)

export interface Page {
  id: string
  title: string
  purpose: string
  roles: readonly string[]
}

export const PAGES: readonly Page[] = [
  {
    id: "life-events",
    title: say("死亡报告核实", "Reports of deaths"),
    purpose: say("确认、不予认定或更正", "confirm, reject or correct them"),
    roles: ["official"],
  },
  {
    id: "imports",
    title: say("老年人档案导入", "Imports of elders"),
    purpose: say("上传表格，查看进度与错误行", "send a file, see its progress and its wrong rows"),
    roles: ["official"],
  },
  {
    id: "results",
    title: say("评估结果与申诉", "Assessment results"),
    purpose: say("批准、不予批准、申诉", "approve, reject, appeal"),
    roles: ["official", "elder", "family"],
  },
  {
    id: "publicity",
    title: say("评估结果公示", "Public results"),
    purpose: say("公示期内的评估结果", "the results that are public now"),
    roles: [],
  },
  {
    id: "offers",
    title: say("派单答复", "Offers of orders"),
    purpose: say("接单、不接单、退单", "accept, decline, give back"),
    roles: ["provider", "worker"],
  },
  {
    id: "back-entries",
    title: say("上门服务补录", "Visits told late"),
    purpose: say(
      "批准或不批准离线签到的服务",
      "approve or refuse visits of phones without network",
    ),
    roles: ["official", "inspector", "provider"],
  },
  {
    id: "settlements",
    title: say("结算冻结与申诉", "Settlements"),
    purpose: say("处理冻结的结算和机构申诉", "decide what is held, and appeals of firms"),
    roles: ["official", "inspector", "provider"],
  },
  {
    id: "payments",
    title: say("支付记录", "Payments"),
    purpose: say("查看已付款项，追回多付部分", "what was paid; claim back what was too much"),
    roles: ["official", "inspector", "provider", "elder", "family"],
  },
  {
    id: "own-shares",
    title: say("上门服务自付", "Own shares of visits"),
    purpose: say("应付、已收与应退的自付金额", "what is due, receipted and to be given back"),
    roles: ["official", "inspector", "provider", "worker", "elder", "family"],
  },
  {
    id: "stay-charges",
    title: say("入住费用", "Charges of stays"),
    purpose: say("审批每月费用，登记自付", "approve months of stays, receipt own shares"),
    roles: ["official", "inspector", "home", "elder", "family"],
  },
  {
    id: "recoveries",
    title: say("多付款项追回", "Recoveries"),
    purpose: say("登记还款、延期、免除", "record repayments, defer, waive"),
    roles: ["official", "inspector", "provider", "elder", "family"],
  },
  {
    id: "organisations",
    title: say("机构管理", "Organisations"),
    purpose: say("变更、暂停、恢复、关闭", "change, suspend, resume, close"),
    roles: ["official", "inspector", "provider", "home"],
  },
  {
    id: "facilities",
    title: say("设施管理", "Facilities"),
    purpose: say("变更、暂停、恢复、关闭", "change, suspend, resume, close"),
    roles: ["official", "inspector", "home"],
  },
]

export function pageOf(id: string): Page {
  const found = PAGES.find(page => page.id === id)
  if (!found) throw new Error(`no page ${id}`)
  return found
}
