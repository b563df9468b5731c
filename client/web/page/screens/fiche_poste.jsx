// SPDX-License-Identifier: Apache-2.0
//
// A job: who might want it.
import { t } from "../lib/i18n.js";
import { LinkButton } from "../ui/basic.jsx";

export const PostePart = ({ record }) => (
  <div class="buttons">
    <LinkButton main icon="match" to={["rapprocher", [record.id]]}>{t("job.match")}</LinkButton>
    <LinkButton icon="plus" to={["nouveau", ["proposition"], { poste: record.id }]}>{t("job.propose")}</LinkButton>
  </div>
);
