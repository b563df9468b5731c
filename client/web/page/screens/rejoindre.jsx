// SPDX-License-Identifier: Apache-2.0
//
// Joining one more space, or founding one, later on.
import { go } from "../lib/router.js";
import { t } from "../lib/i18n.js";
import { Head } from "../ui/basic.jsx";
import { JoinOrFound } from "../app/join.jsx";

export const Rejoindre = () => <><Head title={t("join.title")} /><JoinOrFound done={() => go("")} /></>;
