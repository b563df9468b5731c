// SPDX-License-Identifier: Apache-2.0
//
// The open page: search on top, how things stand, the screen, five doors; on a laptop, every door at the side.
import { t } from "../lib/i18n.js";
import { href, place } from "../lib/router.js";
import { lockNow } from "../lib/state.js";
import { IconButton } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";
import { screens, doors } from "../screens/index.js";
import { groups } from "../screens/plus.jsx";
import { StateLine } from "./stateline.jsx";

function Nav() {
  const here = screens[place.value.screen]?.door ?? place.value.screen;
  return (
    <nav class="nav" aria-label={t("nav.label")}>
      {doors.map(([screen, icon, label]) => (
        <a key={screen} class={screen === "plus" ? "narrow" : undefined} href={href(screen)} aria-current={here === screen ? "page" : undefined}><Icon name={icon} /><span>{t(label)}</span></a>
      ))}
      {groups().map(([title, rows]) => <div class="nav-group" role="group" aria-label={t(title)} key={title}>{rows.map(([screen, icon]) => (
        <a key={screen} href={href(screen)} aria-current={place.value.screen === screen ? "page" : undefined}><Icon name={icon} /><span>{t(`plus.${screen}`)}</span></a>))}</div>)}
    </nav>
  );
}

export function Shell() {
  const at = place.value;
  const screen = screens[at.screen] ?? screens[""];
  const Screen = screen.show;
  // The browser writes titles and addresses into its history, in clear: neither ever holds a name.
  const door = doors.find(([name]) => name === (screen.door ?? at.screen)) ?? doors[0];
  document.title = `${t(door[2])} – Passerelle`;
  if (screen.bare) return <Screen key={location.hash} args={at.args} query={at.query} />;
  return (
    <div class="shell">
      <header class="top">
        <a class="search" href={href("recherche")}><Icon name="search" /><span>{t("search.hint")}</span></a>
        <IconButton icon="hide" label={t("hide")} onClick={lockNow} />
      </header>
      <StateLine />
      <main class={screen.wide ? "content wide" : "content"} key={at.screen + at.args.join("/")}>
        <Screen args={at.args} query={at.query} />
      </main>
      <Nav />
    </div>
  );
}
