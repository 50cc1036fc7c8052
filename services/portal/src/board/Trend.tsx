import { LineChart } from "echarts/charts"
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components"
import * as echarts from "echarts/core"
import { CanvasRenderer } from "echarts/renderers"
import { useEffect, useRef } from "react"
import { type Language, t } from "../shared/messages"
import type { Board, Indicator } from "./api"
import { axisRange } from "./axis"
import { formatTarget, formatValue, indicatorName } from "./format"
import { COLOURS } from "./judging"

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
    const target = indicator.target_sense ? indicator.target : undefined
    const shown = [...points.map(point => point.value), target].filter(value => value !== undefined)
    const written = (value: number) => formatValue({ value }, indicator, language)
    chart.setOption({
      animation: false,
      grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
      tooltip: {
        trigger: "axis",
        valueFormatter: (value: unknown) => (typeof value === "number" ? written(value) : "—"),
      },
      xAxis: {
        type: "category",
        data: points.map(({ month, running_to }) =>
          running_to ? `${month}\n${t(language, "runningTo", running_to)}` : month,
        ),
        axisLabel: { color: "#9fb0cc" },
        axisLine: { lineStyle: { color: "#34415c" } },
      },
      yAxis: {
        type: "value",
        ...axisRange(shown, indicator.unit),
        axisLabel: { color: "#9fb0cc", formatter: written },
        splitLine: { lineStyle: { color: "#243049" } },
      },
      series: [
        {
          name: indicatorName(indicator, language),
          type: "line",
          data: points.map(({ value, running_to }) => ({
            value: value ?? null,
            symbol: running_to ? "emptyCircle" : "circle",
          })),
          connectNulls: false,
          symbolSize: 8,
          lineStyle: { width: 3, color: COLOURS.watch },
          itemStyle: { color: COLOURS.watch },
          areaStyle: { opacity: 0.12, color: COLOURS.watch },
          markLine:
            target === undefined
              ? undefined
              : {
                  symbol: "none",
                  silent: true,
                  data: [{ yAxis: target }],
                  lineStyle: { color: COLOURS.near, type: "dashed" },
                  label: {
                    formatter: formatTarget(indicator, language),
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
