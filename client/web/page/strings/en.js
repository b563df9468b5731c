// SPDX-License-Identifier: Apache-2.0
//
// The page's words in English.
const s = (n) => (n === 1 ? "" : "s");
export default {
  // Common words
  "wait": "One moment…", "back": "Back", "close": "Close", "next": "Continue", "ok": "OK", "save": "Save", "edit": "Edit",
  "yes": "yes", "no": "no", "undo": "Undo", "undone": "Taken back.", "failed": "That did not work. Nothing was changed.", "call": "Call",
  "hide": "Hide and lock", "hidden.back": "Touch to come back", "search": "Search", "history": "History", "cancel": "Give up",
  "search.hint": "Search for a person, a place…", "search.count": (n) => `${n} result${s(n)}`, "search.results": "Results", "search.none": (text) => `Nothing for “${text}” on this device.`,
  "day.today": "today", "day.yesterday": "yesterday", "day.tomorrow": "tomorrow",
  "more.lines": (n) => `Show the rest (${n})`,
  "nav.label": "Main menu", "nav.today": "Today", "nav.tour": "Round", "nav.people": "People", "nav.companies": "Companies", "nav.more": "More",

  // How this device stands
  "state.alarm": "Alarm: the server's history is not the one it signed", "state.alarmShort": "alarm", "state.nospace": "This device is not part of any team yet",
  "state.waiting": (n) => (n ? `Waiting for approval – ${n} change${s(n)} to send after that` : "Waiting for approval – you may write already"),
  "sync.sent": "Everything is sent", "sync.unsent": (n, since) => `${n} change${s(n)} to send${since ? ` since ${since}` : ""}`, "sync.running": "Sending and receiving…",
  "sync.progress": (n) => `Receiving: ${n} entries`, "sync.refused": "The server refused; nothing is lost", "sync.failed": "The server could not be reached. Nothing is lost.",
  "sync.now": "Send and receive now", "sync.waiting": (n) => `${n} to send`, "sync.ok": "up to date",
  "sync.rescue": "Rescue", "sync.rescueText": "What waits can be saved as an encrypted file that only a device of the team can read.", "sync.rescueSave": "Save what waits", "sync.rescued": "Encrypted file saved.",
  "space.level": "Kind of space", "space.checkpoint": "Last signed receipt", "space.never": "none yet", "space.since": "Waiting since", "space.roles": "Your rights here", "space.server": "Server",
  "level.community": "community", "level.organisation": "organisation", "level.team": "team", "level.restricted": "restricted (referents and coordination)",
  "role.reader": "read", "role.writer": "write", "role.steward": "erase and publish", "role.admin": "admit and remove", "role.auditor": "verify the history", "role.guardian": "remove a lost device",
  "refused.title": "Refused by the server, kept here",
  "update.ready": "A new version is ready.", "update.take": "Install it now", "update.short": "new version ready",
  "storage.no": "This browser does not promise to keep the data: install the page and send often.", "storage.yes": "This phone promises to keep Passerelle's data.", "storage.ask": "Ask again",

  // First run
  "first.title": "Hello", "first.text": "Passerelle is your case book. It works without network, and all you write is encrypted before it leaves this phone.",
  "first.protects": "A phone that is off or locked gives nothing away: everything on it is encrypted by your four words.",
  "first.not": "A phone that is open, lent or trapped shows what you see. Hide the screen with one gesture, lock often.",
  "first.lost": "Report a lost phone at once: the team removes it and sees what it could read.",
  "first.start": "Begin", "first.making": "Making this device's keys…",
  "install.why": "Install the page on the home screen first: what is written in a mere tab may be wiped by the browser.", "install.now": "Install",
  "install.apple": "Touch Share, then “Add to Home Screen”, and open Passerelle from there.", "install.menu": "The browser's menu, then “Install app” or “Add to home screen”.",
  "name.title": "Who are you?", "name.label": "This device's name for your colleagues", "name.help": "For example: Ana, phone",
  "words.title": "Your four words", "words.text": "They open this phone. Nobody else knows them, nobody can find them again.", "words.paper": "Write them on paper, kept apart from the phone.",
  "words.noted": "I wrote them down", "words.others": "Other words", "words.check": "Let us check one word", "words.next": (n) => `Word number ${n} (three letters are enough)`, "words.none": "This word is not in the list.",
  "words.wrong": "That is not the word. Look at your paper.", "words.seeagain": "See the words again", "words.again": "Start again",
  "pin.title": "A code to reopen", "pin.text": "For twelve hours six digits are enough. After that, or after five mistakes, the four words are needed.", "pin.label": "Six-digit code", "pin.short": "Six digits at least.", "pin.without": "Without a code",
  "lock.title": "Passerelle is locked", "lock.open": "Open", "lock.opening": "Opening…", "lock.words": "Open with the four words", "lock.wrong": "That is not it.", "lock.left": (n) => `That is not the code. ${n} more tr${n === 1 ? "y" : "ies"}.`, "lock.gone": "The code is no longer enough: enter your four words.",
  "elsewhere.title": "Already open elsewhere", "elsewhere.text": "Passerelle is open in another tab of this phone.", "elsewhere.take": "Go on here",
  "unsupported.title": "This browser will not do", "unsupported.text": "It cannot keep encrypted data on this phone (private browsing?). Try an up-to-date Chrome, Firefox or Safari, not in private mode.",
  "join.title": "Join a team", "join.way": "How to begin", "join.invited": "I have an invitation", "join.found": "Found an organisation", "join.scan": "Scan the invitation", "join.link": "Or paste the invitation link", "join.go": "Ask to join",
  "join.later": "Later", "join.sent": "Request sent.", "join.compare": "The person who invited you has to see the same code on their screen before admitting you.", "join.code": "Code to compare",
  "join.write": "You may write right now: your work leaves after they agree.", "join.begin": "Begin to write",
  "found.text": "The organisation's server gave a founding link to whoever installed it.", "found.org": "Name of the organisation", "found.team": "Name of the first team", "found.server": "Founding link", "found.help": "It begins with the server's address and holds #f1.", "found.go": "Found", "found.making": (name) => `Making “${name}”…`, "found.restricted": (team) => `${team}, restricted`,
  "scan.title": "Aim at the code", "scan.help": "The picture stays in this phone.", "scan.no": "The camera is not available. Paste the link instead.",

  // Today
  "agenda.nothingToday": "Nothing is due today.", "agenda.empty": "The agenda fills by itself: starts of work, follow-ups, appointments.", "agenda.lateTitle": (n) => `Late (${n})`, "agenda.late": (n) => `${n} day${s(n)} late`,
  "agenda.proposal": "proposal", "agenda.done": "Done", "agenda.allDone": "All done", "agenda.did": (what) => `Noted: ${what}, done.`, "agenda.skip": "Not needed", "agenda.skipped": "Noted: not needed.", "agenda.postpone": "Postpone", "agenda.postponeTo": (day) => `Postpone to ${day}`, "agenda.postponed": (day) => `Postponed: ${day}.`,
  "agenda.more": (name) => `More choices for ${name}`, "agenda.otherDay": "Another day", "agenda.withNote": "Done, with a word", "agenda.open": "Open the record", "agenda.call": (name) => `Call ${name}`, "agenda.result": "What came of the call?", "agenda.reached": "Spoke: done", "agenda.noAnswer": "No answer: tomorrow", "agenda.nothing": "Note nothing",
  "agenda.alone": "You may write already. Nothing leaves this phone until you have joined a team.",
  "target.salarie": "employee", "target.employeur": "employer", "target.tripartite": "all three", "target.null": "", "target.personne": "person", "target.undefined": "",
  "drafts.title": "Begun entries", "drafts.goOn": "Go on where you were",

  // Round
  "tour.which": "Which site?", "tour.people": (n) => `${n} ${n === 1 ? "person" : "people"}`, "tour.last": (day) => `last contact: ${day}`, "tour.none": "No site yet.", "tour.newSite": "New site", "tour.sheet": "The site's sheet", "tour.day": "Day of the round", "tour.newPerson": "New person", "tour.here": "People known here",
  "tour.seen": (day) => `seen: ${day}`, "tour.never": "no contact yet", "tour.nobody": "Nobody is noted here yet.", "tour.contactWith": "Note a contact with", "tour.open": (name) => `${name}'s sheet`, "tour.subject": (day) => `Contact ${day}, about:`, "tour.family": (names) => `Also with the family: ${names}`, "tour.withNotes": "With notes…", "tour.noted": (names, day) => `Contact noted: ${names}, ${day}.`,

  // People, records
  "people.new": "Add", "people.none": "Nobody yet. A first name and a site are enough.", "people.filter": "Filter by name or site", "people.count": (n) => `${n} ${n === 1 ? "person" : "people"}`, "people.same": "This first name exists already. Is it the same person?",
  "person.contact": "Contact", "person.face": "Face to face", "person.message": "Message", "person.inform": "Information on data: given?", "person.informNow": "Give it now",
  "fiche.none": "No such record", "fiche.pending": "not sent yet", "fiche.mistake": "entered by mistake", "fiche.locked": "This file holds something this version does not know: it can be read, not written. Update the page.", "fiche.conflict": (n) => `${n} field${s(n)}: several values written at the same time`, "fiche.choose": "Choose", "fiche.written": (when) => `Made ${when}`, "fiche.state": "State",
  "fiche.stateSet": (word) => `State: ${word}.`, "fiche.take": "Yes", "fiche.suggested": "Done.", "fiche.add": "Add…", "fiche.actions": "Other actions", "fiche.print": (title) => `Print: ${title}`, "fiche.mark": "Entered by mistake", "fiche.markHelp": "Leaves lists and counts, stays in the history", "fiche.unmark": "It was no mistake", "fiche.marked": "Marked as entered by mistake.", "fiche.unmarked": "Back in the lists.", "fiche.erase": "Erase the file", "fiche.eraseHelp": "Everywhere, for ever: the person's request or the end of the period",
  "check.on": (item) => `Ticked: ${item}`, "check.off": (item) => `Unticked: ${item}`,
  "form.none": "(empty)", "form.choose": "Choose…", "form.nobody": "Nothing like it on this device.", "form.must": "needed", "form.missing": "This answer is missing.", "form.more": "Other fields", "form.all": "All fields", "form.lines": "One line each", "form.restored": "Your entry was found again.", "form.drop": "Start from nothing", "form.saved": (kind) => `${kind}: saved.`, "form.changed": "Change saved.", "form.editOf": (title) => `Edit ${title}`,
  "history.unknown": "a removed device", "history.made": "Record made", "history.merged": "Merged with", "history.added": "added", "history.removed": "removed", "history.empty": "(emptied)", "history.replaced": "replaced", "history.pending": "not sent yet", "history.received": (when) => `received by the server ${when}`,

  // Companies, jobs
  "company.view": "View", "company.list": "List", "company.board": "Approach", "company.jobs": "Jobs", "company.none": "No company yet.", "company.import": "Take a spreadsheet over", "company.filter": "Filter by name, town, sector", "company.count": (n) => `${n} compan${n === 1 ? "y" : "ies"}`, "company.last": (day) => `last exchange: ${day}`, "company.never": "never contacted", "company.openJobs": (n) => `${n} job${s(n)}`, "company.state": "State of the approach", "company.nobody": "None", "company.overdue": (day) => `to follow up since ${day}`, "company.move": (name) => `Change the state of ${name}`, "company.moveShort": "Move", "company.noteShort": "Note", "company.moved": (name, state) => `${name}: ${state}.`, "company.approach": "Approach", "company.job": "Analyse a job", "company.people": "Contacts there",
  "job.match": "Who might want it?", "job.propose": "Propose",
  "jobs.title": "Jobs and proposals", "jobs.open": "Jobs", "jobs.offers": "Proposals", "jobs.none": "No job yet. It is added from a company's sheet.", "jobs.noOffers": "No proposal yet.", "jobs.places": (n) => `${n} place${s(n)}`, "jobs.waiting": "no answer", "match.title": "Who might want it?", "match.help": "Reasons, never a score. Nothing leaves this phone.", "match.none": "Nobody whose wishes come near yet.", "match.offer": (name) => `Propose to ${name}`, "match.no": "No known reason yet",
  "placement.note": "Follow-up", "placement.print": "Follow-up sheet", "placement.line": "The 1-3-5 line", "placement.lineSaid": (points) => `Follow-ups: ${points}`, "placement.extra": "Points proposed with the employer", "placement.weeks": "1st week", "placement.months": "up to 6 months", "placement.did": (rule) => `${rule}: done`,

  // Face to face, messages
  "face.title": "For you", "face.read": "Read aloud", "face.stop": "Stop", "face.back": "Back", "face.yes": "Yes", "face.no": "No", "face.effects": "What changes if you take or refuse this job", "face.offer": "A job offer", "face.notreviewed": "Translation not reviewed yet.", "face.novoice": "This phone has no offline voice for this language.", "face.lang": "Language", "face.choose": "What to show?", "face.consent": "Note the agreement", "face.given": "Given", "face.refused": "Refused", "face.noted": "Noted.",
  "message.title": "Message to share", "message.help": "Nothing in this text says why.", "message.day": "Day", "message.hour": "Hour", "message.place": "Place", "message.lang": "Language of the message", "message.text": "Text", "message.share": "Share", "message.copied": "Copied.", "message.appointment": (day, hour, place) => `Hello, we have an appointment on ${day}${hour ? ` at ${hour}` : ""}${place ? `, ${place}` : ""}. See you soon.`, "message.callback": "Hello, could you call me when you have a moment? Thank you.", "message.kind": "Kind of message", "message.kind.appointment": "Appointment", "message.kind.callback": "Call me back",

  // Conflicts, duplicates
  "conflicts.title": "To settle", "conflicts.none": "Nothing to settle.", "conflicts.help": "Written at the same time, without network. Nothing was lost: choose what holds.", "conflicts.keep": "Keep this", "conflicts.kept": "Chosen; the other value stays in the history.", "conflicts.critical": "important", "conflicts.shown": "shown for now", "conflicts.empty": "(emptied)",
  "duplicates.title": "Possible doubles", "duplicates.none": "No doubles found.", "duplicates.and": "and", "duplicates.help": "Both histories are kept; they can be parted later.", "duplicates.keep": "Keep this one, join the other to it", "duplicates.merged": "One record from now on.", "duplicates.linked": "Linked records", "duplicates.open": "Compare",

  // Reports, print, import, export
  "reports.title": "Reports", "reports.help": "Computed on this phone, from what it can read.", "reports.csv": "Table (CSV)", "reports.shared": "Shared version (small numbers masked)", "reports.print": "Print", "reports.chart": (title) => `Chart: ${title}`, "reports.empty": "No line.", "reports.definitions": "Definitions", "reports.masked": "< 5",
  "print.title": "Print", "print.choose": "Which document?", "print.of": "Of which record?", "print.blank": "Blank", "print.filled": "Filled", "print.now": "Print", "print.save": "Save the file", "print.warn": "Once printed, this document is no longer protected. It is noted in the history.", "print.lang": "Language of the document",
  "import.title": "Take a spreadsheet over", "import.kind": "This table holds", "import.file": "CSV file", "import.try": "Try without writing", "import.do": (n) => `Take ${n} line${s(n)} over`, "import.done": (n) => `${n} record${s(n)} added.`, "import.lines": "Lines", "import.bad": "Wrong", "import.double": "Known already", "import.good": "Good", "import.doubles": "Also take those known already", "import.line": (n) => `line ${n}`,
  "export.title": "Export", "export.help": "A table that a spreadsheet opens. Once out it is no longer protected; the export is noted in the history.", "export.kind": "What do you want to export?", "export.ics": "Agenda (ICS, neutral titles)", "export.do": "Save",

  // Community
  "community.title": "Community", "community.none": "This device is in no community or organisation space.", "community.events": "To come", "community.past": "Past", "community.topics": "Topics proposed", "community.rex": "Experience shared", "community.add": "Add", "community.guides": "Contents",

  // Team, administration
  "members.title": "Members and devices", "members.waiting": "Waiting", "members.active": "Members", "members.gone": "Removed", "members.invite": "Invite", "members.approve": "Admit", "members.refuse": "Refuse", "members.compare": "Code to compare", "members.approved": (name) => `${name} is admitted, from the next sending on.`, "members.refusedOne": (name) => `${name} is refused.`, "members.me": "this device", "members.none": "No members: join or found a team.",
  "members.check": "Read the code to each other before admitting.", "members.revoke": "Remove (departure)", "members.lost": "Declare lost", "members.revoked": (name) => `${name} is removed, from the next sending on.`, "members.proposed": "Proposed: a second person has to confirm.", "members.exposure": "What this device could read", "members.since": "Member since", "members.role": "Role",
  "members.proposals": "Waiting for a second person", "members.confirm": "Confirm", "members.confirmed": "Confirmed.",
  "invite.title": "Invite", "invite.space": "Into which space?", "invite.role": "With which role?", "invite.help": "An invitation serves once, for one device. Show the code or send the link.", "invite.expires": (when) => `Valid until ${when}`, "invite.send": "Send, so that the server knows the invitation", "invite.copy": "Share the link", "invite.qr": "Invitation code to scan",
  "exposure.title": "Exposure", "exposure.dossiers": "Files it could read", "exposure.seen": "of which opened", "exposure.last": "Last sent", "exposure.codes": "Codes of the files",
  "audit.title": "Log", "audit.verify": "Verify the history", "audit.verifying": "Verifying…", "audit.ok": (name, n) => `${name}: ${n} entries, all agree with the signatures.`, "audit.bad": (name, at) => `${name}: entry ${at ?? "?"} does not agree.`, "audit.help": "One entry per edit, offline ones too. Without content.", "audit.claimed": "written", "audit.received": "received", "audit.clock": "doubtful clock", "audit.csv": "Save (CSV)",

  // Administration
  "members.sure.lost": (name) => `${name} receives nothing more and can send nothing more. What is not sent yet stays encrypted on that device.`, "members.sure.leave": (name) => `${name} leaves the team and receives nothing more.`,
  "state.active": "member", "state.revoked": "removed", 
  "invite.mediation": "Mediation", "invite.mediation.under": "reads and writes", "invite.coordination": "Coordination", "invite.coordination.under": "reads, writes, admits and removes, erases", "invite.lecture": "Reading", "invite.lecture.under": "only reads", "invite.admin": "Administration", "invite.admin.under": "reads, admits and removes", "invite.audit": "Audit", "invite.audit.under": "verifies the history, reads no content", 
  "exposure.removed": "Removed", "exposure.key": "Key in force since", "exposure.code": "Code", "exposure.kind": "Kind", "exposure.opened": "opened",
  "audit.who": "Who wrote", "audit.all": "Everybody",
  "leaf.genesis": "founding", "leaf.device_add": "member admitted", "leaf.device_revoke": "device removed", "leaf.role_set": "role changed", "leaf.epoch_change": "new key", "leaf.log_key": "server key", "leaf.witness_set": "witnesses", "leaf.pack_set": "pack published", "leaf.confirm": "confirmation", "leaf.device_rekey": "device key", "leaf.invite": "invitation", "leaf.invite_close": "invitation closed", "leaf.label": "the space's name", "leaf.erase": "erasure", "leaf.purge": "purge", "leaf.adopt": "adoption", "leaf.moved": "move", "leaf.audit_grant": "audit grant", "leaf.audit_close": "end of audit", "leaf.export_notice": "export", "leaf.access": "accesses", "leaf.data": "entry", "leaf.snapshot": "state", "leaf.unknown": "unknown",
  "alarms.none": "No alarm: the history received is the one the server signed.", "alarms.first": "First entry concerned", "alarms.do": "Tell the organisation's administrator. You may go on writing; nothing is lost.",
  "alarm.fork": "The server showed two different histories.", "alarm.rollback": "The server went back: it lacks entries that were received.", "alarm.root": "The entries received do not give the signed sum.", "alarm.signature": "A signature of the server does not fit.", "alarm.withheld": "The server does not give what it promised.", "alarm.corrupt": "An answer of the server is damaged.", "alarm.commitment": "A content does not fit its commitment.",
  "erase.what": (n) => `The whole file (${n} record${s(n)}) disappears from all devices and the server. The history keeps the proof of the erasure, without the content.`, "erase.mentions": (name) => `Where “${name}” stands elsewhere`, "erase.replace": "These texts are not erased: replace the name if it is this person.", "erase.nowhere": "Nowhere else.", "erase.why": "Reason", "erase.demande": "the person's request", "erase.durée": "end of the retention period", "erase.opposition": "objection", "erase.erreur": "file made by mistake", "erase.injonction": "an authority's order", "erase.autre": "other", "erase.sure": "I understand that this cannot be taken back.", "erase.done": (code) => `File ${code} erased here; the other devices follow at their next sending.`, "erase.none": "No erased file.",
  "mentions.text": "Name or word to look for", "retention.help": "After the pack's period a file is reviewed, then erased.", "retention.none": "No file to review.", "retention.last": (day) => `last contact: ${day}`, "retention.purge": (day) => `erasure due: ${day}`,
  "pack.name": "Domain pack", "pack.file": "New pack (JSON)", "pack.help": "It is checked here before anything is published.", "pack.ok": "Checked: it can be published.", "pack.publish": "Publish", "pack.published": "Published; each device gets it at its next sending.",
  "plus.secours": "Recovery sheet", "plus.secours.under": "On paper: when all devices are lost", "paper.why": "Whoever holds this sheet can read everything. Print it, lock it away, take no picture of it.", "paper.make": "Print the sheet",
  "transfer.title": "Hand the file over", "transfer.what": "The whole file goes to another team, with its history. This one reads it no more; what is written late follows it.", "transfer.none": "This device is part of no other team.", "transfer.go": "Hand over", "transfer.done": (title, space) => `${title} is handed over to ${space}.`, "fiche.transfer": "Hand over to another team",
  "plus.autorisations": "Audit grants", "plus.autorisations.under": "Who could read what, and why", "grants.help": "A grant opens a file to the audit, with a second person's agreement. It stays on record for ever.", "grants.none": "No grant was asked for.", "grants.proposed": "waits for a second person", "grants.open": "open", "grants.closed": "closed", "grants.expired": "expired", "grants.code": "Code of the file", "grants.days": "Days", "grants.why": "Reason", "grants.until": "Until", "grants.second": "Confirmed by", "grants.close": "End it", "grants.ask": "Ask to read", "grants.send": "Ask",

  // More
  "plus.work": "Work", "plus.files": "Documents", "plus.team": "Team", "plus.device": "This device",
  "plus.postes": "Jobs and proposals", "plus.postes.under": "Both sides of the match", "plus.conflits": "To settle", "plus.conflits.under": "Values written at the same time", "plus.doublons": "Possible doubles", "plus.doublons.under": "Records that look alike", "plus.communaute": "Community", "plus.communaute.under": "Meetings, topics, experience", "plus.rapports": "Reports", "plus.rapports.under": "Indicators, funnel, delays",
  "plus.imprimer": "Print", "plus.imprimer.under": "A4 documents, filled or blank", "plus.importer": "Take a spreadsheet over", "plus.importer.under": "A spreadsheet's CSV", "plus.exporter": "Export", "plus.exporter.under": "Tables, agenda",
  "plus.membres": "Members and devices", "plus.membres.under": "Invite, admit, remove", "plus.journal": "Log", "plus.journal.under": "Who wrote, when; verification", "plus.retention": "Retention", "plus.retention.under": "Files to review", "plus.effaces": "Erased files", "plus.effaces.under": "When, by whom, why", "plus.mentions": "Mentions of a name", "plus.mentions.under": "Before a file is erased", "plus.referentiel": "Domain pack", "plus.referentiel.under": "Fields, lists, rules: publish", "plus.alarmes": "Alarms", "plus.alarmes.under": "What the server did wrong",
  "plus.synchro": "Send and receive", "plus.synchro.under": "What waits, the spaces", "plus.rejoindre": "Join a team", "plus.rejoindre.under": "Invitation or new organisation", "plus.reglages": "This device", "plus.reglages.under": "Language, size of text, locking",

  // Settings
  "settings.lang": "Language", "settings.text": "Size of text", "settings.theme": "Look", "theme.auto": "As the phone", "theme.light": "Light", "theme.dark": "Dark", "settings.lock": "Lock after", "settings.minutes": (n) => `${n} min`, "settings.lockNow": "Lock now", "settings.storage": "Keeping", "settings.protects": "What this device protects", "settings.program": "Program", "settings.version": "Version", "settings.device": "Device", "settings.bundle": "Hash of the page", "settings.bundleHelp": "Compare it with the one your organisation publishes.",

  // First steps, members, pack
  "steps.title": "First steps", "steps.text": "This device alone still holds the organisation. Let a second person in who administers, then print the sheet: from then on, who administers is decided by two.",
  "steps.importer": "Take a spreadsheet over", "steps.importer.under": "Companies, people who are followed already", "steps.inviter": "Invite the coordinator and the team", "steps.inviter.under": "A link or a code to scan for each device", "steps.secours": "Print the recovery sheet", "steps.secours.under": "It brings everything back when all devices are lost",
  "paper.alone": "You are still the only one who administers. Once the sheet is made, a second person has to confirm who administers: let the coordinator in first.", "print.again": "Print again",
  "invite.informatique": "IT", "invite.informatique.under": "verifies the history, removes a lost device, reads nothing", "invite.made": (n, role) => `Invitation ${n}: ${role}`, "invite.text": "Show the text", "invite.then": "See who asks to join",
  "join.show": "Show this code as a picture to scan",
  "members.scan": "Scan the person's code", "members.matched": "The code is the same: it is this device.", "members.unmatched": "This code belongs to no request. Admit nobody on its account.", "members.approveName": (name) => `Admit ${name}`, "members.refuseName": (name) => `Refuse ${name}`,
  "member.role": "Role", "member.roleIn": (space) => `Change the role in ${space}`, "member.changed": (name) => `Noted for ${name}; takes effect with the next sync.`, "member.close": "Read files no longer", "member.closeSure": (spaces) => `This device will verify and remove lost devices, and neither read nor write any more in: ${spaces}. Other devices will give it no more keys.`,
  "sealed.title": "Closed file", "sealed.text": (space) => `This file exists in ${space}, but your role does not read its content.`, "sealed.how": "Only those who accompany the person read it. For a grave reason a right to read can be asked for, and a second person confirms it; it stays on record for ever.",
  "pack.rename": "Rename a field", "pack.kind": "In which record?", "pack.field": "Which field?", "pack.word": "New name", "pack.renameHelp": "Only the word changes: what is written stays.", "pack.whole": "Another pack", "pack.save": "Save this one (JSON)",
};
