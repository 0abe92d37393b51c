/*
 * Clocks and relative times. Truth is the server's time: the page brings it (meta server-time), every htmx answer
 * brings it again (X-Server-Time), and it is asked for anew after sleep, after a change of the laptop's clock and
 * when a page comes back out of the browser's cache. Instants are compared as instants, so no time zone matters.
 */
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content || "";
const said = JSON.parse(document.getElementById("ui-words")?.textContent || "null");
const zone = meta("time-zone") || undefined;
const MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 604800;

let offset = 0; // milliseconds to add to this machine's clock to have the server's
const serverNow = () => Date.now() + offset;
const fill = (name, values) => said.words[name].replace(/%\((\w+)\)s/g, (_, key) => values[key]);
const pad = (number) => String(number).padStart(2, "0");

function daysAndHours(seconds) {
  const days = Math.floor(seconds / DAY), hours = Math.floor((seconds % DAY) / HOUR);
  return fill(hours ? "days_hours" : "days", { days, hours });
}

function countdown(seconds) {
  const left = Math.ceil(seconds);
  if (left >= 2 * DAY) return daysAndHours(left);
  return `${Math.floor(left / HOUR)}:${pad(Math.floor((left % HOUR) / MINUTE))}:${pad(left % MINUTE)}`;
}

function hoursPast(seconds) {
  const past = Math.floor(seconds);
  if (past < MINUTE) return fill("seconds", { seconds: past });
  if (past < HOUR) return fill("minutes", { minutes: Math.floor(past / MINUTE) });
  const hours = Math.floor(past / HOUR), minutes = Math.floor((past % HOUR) / MINUTE);
  return fill(minutes && hours < 100 ? "hours_minutes" : "hours", { hours, minutes });
}

const timePast = (seconds) => (seconds < 2 * DAY ? hoursPast(seconds) : daysAndHours(Math.floor(seconds)));

/* Late in business hours, which grow while somebody works; without them round the clock. As _by() in faces.py. */
function lateBy(clock, now) {
  if (!clock.lateFrom) return fill("late_by", { time: timePast((now - Date.parse(clock.due)) / 1000) });
  const until = clock.lateUntil ? Math.min(now, Date.parse(clock.lateUntil)) : now;
  const seconds = Number(clock.late) + Math.max(0, until - Date.parse(clock.lateFrom)) / 1000;
  return seconds < 1 ? said.words.late : fill("late_by", { time: hoursPast(seconds) });
}

/* The same decisions as clock_state() in accounts/templatetags/faces.py; at the due instant itself still in time. */
function stateOf(clock, now) {
  const due = Date.parse(clock.due);
  if (now > due) return "late";
  if (clock.pausedUntil && now < Date.parse(clock.pausedUntil)) return "paused";
  if (clock.warn && now >= Date.parse(clock.warn)) return "warning";
  return "running";
}

function draw(element, now) {
  const clock = element.dataset;
  const state = stateOf(clock, now);
  const due = Date.parse(clock.due);
  const text = element.querySelector(".clock-text");
  if (state === "late") text.textContent = lateBy(clock, now);
  else if (state !== "paused") text.textContent = fill("due_in", { time: countdown((due - now) / 1000) });
  if (state === clock.state) return;
  const look = said.looks[state];
  clock.state = state;
  clock.meaning = look.meaning;
  clock.turned = "";
  const use = element.querySelector("use");
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${look.icon}`);
  element.dispatchEvent(new CustomEvent("baton:clock", { bubbles: true, detail: { state } }));
}

/* Only clocks that still run move; ended and waived ones are facts. */
const running = () => document.querySelectorAll('[data-clock][data-ended=""]:not([data-outcome="waived"], [data-outcome="kept"])');

let timer = 0, last = { wall: Date.now(), steady: performance.now() };
function tick() {
  clearTimeout(timer);
  const wall = Date.now(), steady = performance.now();
  // The two run apart when the machine slept or its clock was set.
  if (Math.abs(wall - last.wall - (steady - last.steady)) > 1500) resync();
  last = { wall, steady };
  if (document.hidden) return;
  const now = serverNow();
  let next = 1000 - (now % 1000);
  for (const element of running()) {
    draw(element, now);
    for (const name of ["due", "warn", "pausedUntil"]) {
      const away = Date.parse(element.dataset[name]) - now;
      if (away >= 0 && away < next) next = away + 1;
    }
  }
  timer = setTimeout(tick, Math.max(next, 1));
}

/* One answer's time, halfway between asking and hearing. */
function learn(header, asked, heard) {
  const told = Date.parse(header);
  if (Number.isNaN(told)) return;
  offset = told - (asked + heard) / 2;
  document.documentElement.dataset.clockOffset = Math.round(offset);
  tick();
}

let asking = false;
async function resync() {
  const url = meta("server-time-url");
  if (asking || !url) return;
  asking = true;
  try {
    const asked = Date.now();
    const answer = await fetch(url, { method: "HEAD", cache: "no-store" });
    learn(answer.headers.get("X-Server-Time"), asked, Date.now());
  } catch {
    // Offline: the offset of before still holds as well as anything; the next answer corrects it.
  } finally {
    asking = false;
  }
}

function relative(at, now) {
  const away = (at - now) / 1000, size = Math.abs(away);
  if (size < 45) return said.words.just_now;
  const [unit, name] = size < HOUR ? [MINUTE, "minutes"] : size < DAY ? [HOUR, "hours"] : [DAY, "days"];
  return fill(away < 0 ? `${name}_ago` : `in_${name}`, { n: Math.max(1, Math.floor(size / unit)) });
}

const exact = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone, timeZoneName: "short",
});

function refreshTimes(root = document) {
  const now = serverNow();
  for (const element of root.querySelectorAll("time[data-when]")) {
    const at = Date.parse(element.dateTime);
    element.title = exact.format(at);
    if (Math.abs(at - now) < WEEK * 1000) {
      const text = relative(at, now);
      if (element.textContent !== text) element.textContent = text;
    }
  }
}

if (said) {
  const arrival = performance.getEntriesByType("navigation")[0];
  const told = Date.parse(meta("server-time"));
  if (!Number.isNaN(told)) offset = told - (Date.now() - performance.now() + (arrival?.responseStart || 0));
  if (!arrival || arrival.type === "back_forward" || arrival.transferSize === 0) resync();
  document.documentElement.dataset.clockOffset = Math.round(offset);
  tick();
  refreshTimes();
  setInterval(refreshTimes, 15000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    tick();
    refreshTimes();
    resync();
  });
  addEventListener("pageshow", (event) => event.persisted && resync());
  const asked = new WeakMap();
  document.addEventListener("htmx:beforeSend", (event) => asked.set(event.detail.xhr, Date.now()));
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    const header = xhr?.getResponseHeader("X-Server-Time");
    if (header && asked.has(xhr)) learn(header, asked.get(xhr), Date.now());
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    tick();
    refreshTimes(event.target);
  });
}
