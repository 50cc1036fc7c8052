import { LineChart } from "echarts/charts"
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components"
import * as echarts from "echarts/core"
import { CanvasRenderer } from "echarts/renderers"
import { useEffect, useRef } from "react"
import { type Language, t } from "../shared/messages"
import type { Board, Indicator } from "./api"
import { COLOURS, indicatorName } from "./format"

echarts.use([LineChart, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer])

// One indicator over the months, with its target; a month without value leaves a gap.
export function Trend({
  board,
  indicator,
  language,
}: {
  board: Board
  indicator: Indicator | undefined
  language: Language
}) {
  const container = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!container.current || !indicator) return
    const chart = echarts.init(container.current)
    const points = board.trend.filter(figure => figure.code === indicator.code)
    const target = indicator.target ?? undefined
    chart.setOption({
      animation: false,
      grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
      tooltip: {
        trigger: "axis",
        valueFormatter: (value: unknown) =>
          typeof value === "number" ? value.toFixed(indicator.unit === "count" ? 0 : 1) : "—",
      },
      xAxis: {
        type: "category",
        data: points.map(point => point.month),
        axisLabel: { color: "#9fb0cc" },
        axisLine: { lineStyle: { color: "#34415c" } },
      },
      yAxis: {
        type: "value",
        scale: true,
        axisLabel: { color: "#9fb0cc" },
        splitLine: { lineStyle: { color: "#243049" } },
      },
      series: [
        {
          name: indicatorName(indicator, language),
          type: "line",
          data: points.map(point => point.value ?? null),
          connectNulls: false,
          symbolSize: 8,
          lineStyle: { width: 3, color: COLOURS.watch },
          itemStyle: { color: COLOURS.watch },
          areaStyle: { opacity: 0.12, color: COLOURS.watch },
          markLine:
            target === undefined || !indicator.target_sense
              ? undefined
              : {
                  symbol: "none",
                  silent: true,
                  data: [{ yAxis: target }],
                  lineStyle: { color: COLOURS.near, type: "dashed" },
                  label: {
                    formatter: `${t(language, "target")} ${target}`,
                    color: COLOURS.near,
                    position: "insideEndTop",
                  },
                },
        },
      ],
    })
    const observer = new ResizeObserver(() => chart.resize())
    observer.observe(container.current)
    return () => {
      observer.disconnect()
      chart.dispose()
    }
  }, [board.trend, indicator, language])
  return (
    <div
      ref={container}
      className="trend"
      role="img"
      aria-label={indicator ? `${t(language, "trend")}: ${indicatorName(indicator, language)}` : ""}
    />
  )
}
