// SPDX-License-Identifier: Apache-2.0
//
// The line of a job: its first week takes the left part, the months to six the rest. The points proposed with the
// employer stand below it, small. The list beside it says the same in words.
import { daysBetween, shortDay, today } from "../lib/dates.js";
import { t } from "../lib/i18n.js";

const WIDTH = 340, LEFT = 18, WEEK = 132, RIGHT = 324, LINE = 58;

/** Days since the start to a place on the line. */
function place(n) {
  if (n <= 7) return LEFT + (Math.max(n, -0.5) / 7) * (WEEK - LEFT);
  return WEEK + (Math.min(n - 7, 181) / 178) * (RIGHT - WEEK);
}

const isSmall = ({ item }) => item?.proposal && item.target === "employeur";

function Mark({ x, state }) {
  if (state === "done") return <><circle cx={x} cy={LINE} r="9" class="dot done" /><path d={`M${x - 4} ${LINE + .5}l3 3 5-6`} class="tick" /></>;
  if (state === "late") return <><path d={`M${x} ${LINE - 10}l10 17h-20z`} class="dot late" /><path d={`M${x} ${LINE - 4}v5M${x} ${LINE + 4}v.01`} class="tick late" /></>;
  if (state === "out") return <><circle cx={x} cy={LINE} r="6" class="dot out" /><path d={`M${x - 4} ${LINE - 4}l8 8`} class="strike" /></>;
  return <circle cx={x} cy={LINE} r="7" class="dot" />;
}

export function Timeline({ start, points }) {
  const marks = [];
  const small = points.filter(isSmall);
  for (const point of points.filter((one) => !isSmall(one))) {
    const n = daysBetween(start, point.day);
    const x = place(n);
    const near = marks.find((mark) => Math.abs(mark.x - x) < 12);
    if (near) { near.rules.push(point.rule); if (point.state === "late" || near.state === "done") near.state = point.state; }
    else marks.push({ x, rules: [point.rule], state: point.state, n });
  }
  const label = (rules) => (rules.length > 1 && rules.every((rule) => rule.startsWith("FS1")) ? "FS1" : rules.map((rule) => rule.replace(/^FS1[se]$/, "FS1")).filter((rule, i, all) => all.indexOf(rule) === i).slice(0, 2).join("/"));
  const now = daysBetween(start, today());
  const nowX = place(now);
  return (
    <svg class="timeline" viewBox={`0 0 ${WIDTH} 104`} role="img" aria-label={t("placement.lineSaid", points.map((point) => `${point.rule} ${shortDay(point.day)}, ${point.word}`).join(" ; "))}>
      <path d={`M${LEFT - 8} ${LINE}H${RIGHT + 10}`} class="rail" />
      <path d={`M${WEEK + 3} ${LINE - 5}v10`} class="rail" />
      {small.map((point) => <path key={point.rule} d={`M${place(daysBetween(start, point.day))} ${LINE + 7}v5`} class={`rail ${point.state}`} />)}
      {now >= -2 && now <= 190 && <><path d={`M${nowX} 8v76`} class="now" /><text x={Math.min(Math.max(nowX, 30), WIDTH - 30)} y="100" text-anchor="middle" class="now-text">{t("day.today")}</text></>}
      {marks.map((mark, i) => <g key={mark.rules.join()}>
        <text x={mark.x} y={i % 2 && mark.n <= 7 ? 22 : 38} text-anchor="middle">{label(mark.rules)}</text>
        <Mark x={mark.x} state={mark.state} />
      </g>)}
      <text x={LEFT - 8} y="84" class="soft">{t("placement.weeks")}</text>
      <text x={RIGHT + 10} y="84" text-anchor="end" class="soft">{t("placement.months")}</text>
    </svg>
  );
}
