// The board's words in both languages.
export type Language = "zh" | "en"

const WORDS = {
  title: ["智慧养老监管看板", "Eldercare regulatory board"],
  key: ["核心指标", "Key figures"],
  map: ["分区示意图", "Cartogram"],
  trend: ["月度趋势", "Trend by month"],
  parts: ["下级区划", "Areas inside"],
  all: ["全部指标", "All indicators"],
  target: ["目标", "target"],
  atLeast: ["不低于", "at least"],
  atMost: ["不高于", "at most"],
  watch: ["监测", "watch only"],
  none: ["—", "—"],
  elders: ["老年人", "elders"],
  area: ["区划", "Area"],
  month: ["月份", "Month"],
  now: ["本月", "this month"],
  fresh: ["数据截至", "Data up to"],
  lag: ["待处理事件", "events waiting"],
  fine: ["数据最新", "up to date"],
  late: ["数据延迟", "behind"],
  recounting: [
    "口径已更新，历史数据正在重新统计",
    "the definitions are new; figures are being counted anew by them",
  ],
  proof: ["与存档复核", "Proved against the archive"],
  proofGood: ["一致", "equal"],
  proofBad: ["处不一致", "differences"],
  figures: ["项", "figures"],
  events: ["条事件", "events"],
  lineage: ["数据溯源", "Where it comes from"],
  formula: ["口径", "Definition"],
  source: ["依据", "Source"],
  numerator: ["分子", "Numerator"],
  denominator: ["分母", "Denominator"],
  value: ["数值", "Value"],
  version: ["口径版本", "Definition version"],
  event: ["事件", "Event"],
  time: ["时间", "Time"],
  counts: ["计入", "Counts in"],
  trace: ["链路", "Trace"],
  more: ["更多", "More"],
  close: ["关闭", "Close"],
  user: ["登录身份", "Signed in as"],
  interface: ["接口文档", "Interface"],
  loading: ["加载中…", "Loading…"],
  failed: ["无法读取数据", "The data cannot be read"],
  retry: ["重试", "Try again"],
  hint: [
    "点击区划下钻，点击数值溯源",
    "Click an area to go into it, a figure to see where it comes from",
  ],
  deepest: ["已到最末级区划", "The lowest level"],
  updated: ["刷新于", "Refreshed"],
  dimension: ["类别", "Dimension"],
  indicator: ["指标", "Indicator"],
  size: ["方块大小 = 老年人数", "Size of a square = number of elders"],
} as const

export type Word = keyof typeof WORDS
export const say = (language: Language, word: Word): string =>
  WORDS[word][language === "zh" ? 0 : 1]

const TOPICS: Record<string, [string, string]> = {
  elder: ["老年人", "elders"],
  application: ["申请", "applications"],
  assessment: ["评估", "assessments"],
  policy: ["政策", "policies"],
  entitlement: ["资格", "entitlements"],
  voucher: ["消费券", "vouchers"],
  payment: ["支付", "payments"],
  organisation: ["机构", "organisations"],
  facility: ["设施", "facilities"],
  stay: ["入住", "stays"],
  worker: ["人员", "workers"],
  order: ["服务工单", "orders"],
  settlement: ["审核", "audits"],
  complaint: ["投诉", "complaints"],
}
export const topic = (language: Language, name: string): string =>
  TOPICS[name]?.[language === "zh" ? 0 : 1] ?? name

// The catalogue names dimensions in Chinese.
const DIMENSIONS: Record<string, string> = {
  人口: "population",
  数据: "data",
  兜底: "basic protection",
  评估: "assessment",
  补贴: "subsidy",
  资金: "fund",
  设施: "facility",
  居家: "home care",
  质量: "quality",
  服务: "service",
  探访: "visits",
  应急: "emergency",
  助餐: "meals",
  志愿: "volunteers",
  人员: "staff",
  监管: "supervision",
  补贴监管: "subsidy, supervision",
  安全: "safety",
  信用: "credit",
  医养: "health care",
  平台: "platform",
  绩效: "performance",
}
export const dimension = (language: Language, name: string): string =>
  language === "zh" ? name : (DIMENSIONS[name] ?? name)
