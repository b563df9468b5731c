// SPDX-License-Identifier: Apache-2.0
//
// Bars that lie down, one line per row, so that words fit on a phone. The table beside says the same.
import { t } from "../lib/i18n.js";

const patterns = ["bar", "bar second", "bar third"];

export function Bars({ title, rows, x, y, label, columnLabel, none }) {
  const top = Math.max(1, ...rows.flatMap((row) => y.map((key) => Number(row[key]) || 0)));
  const height = 22 + y.length * 18;
  return (
    <figure>
      <svg class="chart" viewBox={`0 0 340 ${rows.length * height + 4}`} role="img" aria-label={t("reports.chart", title)}>
        {rows.map((row, i) => (
          <g key={i} transform={`translate(0 ${i * height})`}>
            <text x="0" y="14">{label(row[x])}</text>
            {y.map((key, j) => {
              const n = Number(row[key]) || 0;
              return <g key={key}><rect x="0" y={20 + j * 18} width="290" height="12" rx="6" class="rail" />
                {n > 0 && <rect x="0" y={20 + j * 18} width={Math.max(6, (n / top) * 290)} height="12" rx="6" class={patterns[j % 3]} />}
                <text x="298" y={31 + j * 18}>{row[key] ?? none}</text></g>;
            })}
          </g>))}
      </svg>
      {y.length > 1 && <figcaption class="badges">{y.map((key, j) => <span class="legend" key={key}><svg viewBox="0 0 12 12" class="chart" aria-hidden="true"><rect width="12" height="12" rx="3" class={patterns[j % 3]} /></svg>{columnLabel(key)}</span>)}</figcaption>}
    </figure>
  );
}
