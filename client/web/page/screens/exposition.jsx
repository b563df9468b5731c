// SPDX-License-Identifier: Apache-2.0
//
// Exposition: what a device could read, by codes and numbers, never by names. The answer to "a phone is lost".
import { useRun } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { kindLabel } from "../lib/pack.js";
import { href } from "../lib/router.js";
import { Badge, Button, Facts, Fold, Head, Note, Waiting } from "../ui/basic.jsx";

export function Exposition({ args: [device] }) {
  const answer = useRun(["audit", "exposure", device]);
  if (!answer) return <><Head title={t("exposure.title")} /><Waiting /></>;
  if (answer.exit !== 0) return <><Head title={t("exposure.title")} /><Note tone="bad" icon="alarm"><p>{answer.error}</p></Note></>;
  const { spaces, dossiers } = answer.json;
  return <>
    <Head title={t("exposure.title")} under={spaces[0]?.name} />
    <div class="buttons"><Button icon="print" onClick={() => print()}>{t("print.title")}</Button></div>
    {spaces.map((one) => (
      <section class="card" key={one.space}>
        <div class="group-head"><h2>{one.space_name}</h2><Badge tone={one.state === "revoked" ? "bad" : "key"}>{t(`state.${one.state}`)}</Badge></div>
        <Facts facts={[[t("exposure.dossiers"), one.dossiers], [t("exposure.seen"), one.seen_dossiers], [t("exposure.last"), one.last_sent ? instant(one.last_sent) : t("space.never")],
          [t("members.since"), instant(one.added_at)], [t("exposure.removed"), instant(one.removed_at)], [t("exposure.key"), instant(one.key_since)]]} />
      </section>
    ))}
    <Fold title={`${t("exposure.codes")} (${dossiers.length})`} open={dossiers.length < 60}>
      <div class="table-wrap" tabIndex={0} role="region" aria-label={t("exposure.codes")}><table>
        <thead><tr><th scope="col">{t("exposure.code")}</th><th scope="col">{t("exposure.kind")}</th><th scope="col">{t("members.since")}</th></tr></thead>
        <tbody>{dossiers.map((one) => <tr key={one.code + one.space}><td class="code"><a href={href("fiche", [one.code])}>{one.code}</a></td><td>{one.kind ? kindLabel(one.kind) : "–"}{one.seen ? ` · ${t("exposure.opened")}` : ""}</td><td>{instant(one.since)}</td></tr>)}</tbody>
      </table></div>
    </Fold>
  </>;
}
