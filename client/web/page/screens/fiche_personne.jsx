// SPDX-License-Identifier: Apache-2.0
//
// What a mediator does first on a person's sheet: call, note a contact, turn the phone around.
import { t } from "../lib/i18n.js";
import { LinkButton, Note } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";

export function PersonnePart({ record, related }) {
  const informed = related.some((one) => one.kind === "consentement");
  const contacts = related.filter((one) => one.kind === "contact").length;
  return <>
    <div class="buttons">
      <LinkButton main icon="note" to={["nouveau", ["contact"], { personne: record.id, site: record.site }]}>{t("person.contact")}</LinkButton>
      {record.telephone && <a class="button" href={`tel:${record.telephone.replace(/[^+\d]/g, "")}`}><Icon name="phone" />{t("call")}</a>}
      <LinkButton icon="face" to={["face", [record.id]]}>{t("person.face")}</LinkButton>
      <LinkButton icon="match" to={["rapprocher", [record.id]]}>{t("person.jobs")}</LinkButton>
      <LinkButton icon="share" to={["message", [record.id]]}>{t("person.message")}</LinkButton>
    </div>
    {contacts >= 2 && !informed && <Note icon="face"><p>{t("person.inform")}</p><div><LinkButton to={["face", [record.id, "notice_information"]]}>{t("person.informNow")}</LinkButton></div></Note>}
  </>;
}
