// SPDX-License-Identifier: Apache-2.0
//
// A company: call, note an approach, analyse a job.
import { useSql, quote } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { Group, LinkButton, List, Row } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";

export function EntreprisePart({ record }) {
  const people = useSql(`SELECT id, title(id) AS name, fonction, tel FROM interlocuteur WHERE entreprise = ${quote(record.id)} AND NOT mistake AND coalesce(etat, 'actif') = 'actif'`);
  const phone = record.telephone ?? people?.find((one) => one.tel)?.tel;
  return <>
    <div class="buttons">
      <LinkButton main icon="note" to={["nouveau", ["prospection"], { entreprise: record.id, quick: 1 }]}>{t("company.approach")}</LinkButton>
      {phone && <a class="button" href={`tel:${phone.replace(/[^+\d]/g, "")}`}><Icon name="phone" />{t("call")}</a>}
      <LinkButton icon="job" to={["nouveau", ["poste"], { entreprise: record.id }]}>{t("company.job")}</LinkButton>
    </div>
    {people?.length > 0 && <Group title={t("company.people")}><List>
      {people.map((one) => <li key={one.id} class="row-split"><Row to={["fiche", [one.id]]} face={one.name} line={one.name} under={one.fonction} />
        {one.tel && <a class="icon-button" href={`tel:${one.tel.replace(/[^+\d]/g, "")}`} aria-label={t("agenda.call", one.name)}><Icon name="phone" /></a>}</li>)}
    </List></Group>}
  </>;
}
