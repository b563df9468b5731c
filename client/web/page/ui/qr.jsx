// SPDX-License-Identifier: Apache-2.0
//
// A QR code as one SVG path, dark on white in both themes.
import encodeQR from "qr";

export function QR({ text, label }) {
  const rows = encodeQR(text, "raw", { ecc: "low", border: 1 });
  const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  return (
    <div class="qr"><svg viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path d={path} fill="#000" />
    </svg></div>
  );
}
