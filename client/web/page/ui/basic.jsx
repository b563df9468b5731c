// SPDX-License-Identifier: Apache-2.0
//
// The small parts of every screen.
import { useEffect, useRef } from "preact/hooks";
import { t } from "../lib/i18n.js";
import { back, href } from "../lib/router.js";
import { Icon } from "./icon.jsx";

export function Button({ icon, main, quiet, danger, full, children, class: more = "", ...rest }) {
  const name = ["button", main && "main", quiet && "quiet", danger && "danger", full && "full", more].filter(Boolean).join(" ");
  return <button type="button" class={name} {...rest}>{icon && <Icon name={icon} />}{children}</button>;
}
/** A link that looks like a button: to = [screen, args, query], or an outside href. */
export function LinkButton({ icon, to, main, quiet, full, children, ...rest }) {
  const name = ["button", main && "main", quiet && "quiet", full && "full"].filter(Boolean).join(" ");
  return <a class={name} href={to ? href(...to) : rest.href} {...rest}>{icon && <Icon name={icon} />}{children}</a>;
}
export const IconButton = ({ icon, label, ...rest }) => (
  <button type="button" class="icon-button" aria-label={label} title={label} {...rest}><Icon name={icon} /></button>
);
export const IconLink = ({ icon, label, ...rest }) => (
  <a class="icon-button" aria-label={label} title={label} {...rest}><Icon name={icon} /></a>
);

/** The head of a screen; its title takes the focus when the screen opens, so that a reader hears where it is. */
export function Head({ title, under, up = true, children }) {
  const h1 = useRef(null);
  useEffect(() => {
    if (!document.activeElement || document.activeElement === document.body) h1.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header class="head">
      {up && <IconButton icon="back" label={t("back")} onClick={back} />}
      <h1 ref={h1} tabIndex={-1}>{title}</h1>
      {children}
      {under && <p class="under">{under}</p>}
    </header>
  );
}
export const Group = ({ title, action, children }) => (
  <section class="group">
    {title && <div class="group-head"><h2>{title}</h2>{action}</div>}
    {children}
  </section>
);
export const Fold = ({ title, open, children }) => (
  <details class="group" open={open}>
    <summary><Icon name="next" />{title}</summary>
    <div>{children}</div>
  </details>
);
export const List = ({ children, label }) => <ul class="list" aria-label={label}>{children}</ul>;
/** One line of a list, that leads somewhere (to) or does something (onClick). */
export function Row({ to, onClick, face, line, under, badge, aside, icon, ...rest }) {
  const body = <>
    {face !== undefined && <span class="face" aria-hidden="true">{initials(face)}</span>}
    {icon && <Icon name={icon} />}
    <div><span class="line">{line}{badge && <> {badge}</>}</span>{under && <span class="under">{under}</span>}</div>
    {aside}
  </>;
  return to ? <a class="row" href={href(...to)} {...rest}>{body}</a>
    : onClick ? <button type="button" class="row" onClick={onClick} {...rest}>{body}</button>
    : <div class="row" {...rest}>{body}</div>;
}
const initials = (name) => (name ?? "").trim().split(/\s+/).slice(0, 2).map((part) => [...part][0] ?? "").join("").toUpperCase();
export const Badge = ({ tone = "", children }) => <span class={`badge ${tone}`}>{children}</span>;
export const Note = ({ tone = "", icon, children, role }) => (
  <div class={`note ${tone}`} role={role}>{icon && <Icon name={icon} />}<div>{children}</div></div>
);
export const Empty = ({ children }) => <div class="empty">{children}</div>;
export const Waiting = () => <p class="empty" aria-busy="true">{t("wait")}</p>;

/** Choices of which one holds: [[value, label]]. */
export const Segments = ({ label, value, options, onChange }) => (
  <div class="segments" role="group" aria-label={label}>
    {options.map(([key, text]) => <button type="button" key={key} aria-pressed={value === key} onClick={() => onChange(key)}>{text}</button>)}
  </div>
);
export const Facts = ({ facts }) => (
  <dl class="facts">{facts.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([label, value]) => <><dt>{label}</dt><dd>{value}</dd></>)}</dl>
);
