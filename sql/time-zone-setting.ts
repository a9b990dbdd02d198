// TimeZone's values: IANA names in their proper spelling, and fixed offsets as PostgreSQL's POSIX specifications.

/** The value SHOW TimeZone prints, or null when there is no such zone. */
export function canonicalTimeZone(text: string): string | null {
  const offset = /^\s*([+-]?)(\d{1,2})(?::?(\d{2})|\.(\d+))?\s*$/.exec(text);
  if (offset !== null) {
    const [, sign, hours, minutes, fraction] = offset;
    const total = Number(hours) * 60 + (minutes === undefined ? Number(`0.${fraction ?? 0}`) * 60 : Number(minutes));
    return total > 167 * 60 ? null : fixedZone((sign === '-' ? -1 : 1) * Math.round(total));
  }
  const name = text.trim();
  if (/^<[^>]+>[+-]?\d/.test(name) || /^[A-Za-z]{3,}[+-]?\d{1,2}(:\d{2})?$/.test(name)) return name;
  return namedZone(name);
}

/** `<-05>+05`: what is shown east of Greenwich, then POSIX's offset west. */
export function fixedZone(minutesEast: number): string {
  const size = Math.abs(minutesEast);
  const two = (n: number): string => String(n).padStart(2, '0');
  const text = two(Math.floor(size / 60)) + (size % 60 === 0 ? '' : `:${two(size % 60)}`);
  return minutesEast < 0 ? `<-${text}>+${text}` : `<+${text}>-${text}`;
}

function namedZone(name: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return null;
  let canonical: string;
  try {
    canonical = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
  if (canonical.toLowerCase() === name.toLowerCase()) return canonical;
  // An alias (GMT, Zulu, US/Pacific): kept as the alias, spelled as the tz database spells its names.
  if (/^[a-z]{3,4}$/i.test(name)) return name.toUpperCase();
  return name.split('/').map((part) => part.split('_').map(capitalize).join('_')).join('/');
}

function capitalize(word: string): string {
  return word === word.toUpperCase() && word.length <= 3 ? word : word[0].toUpperCase() + word.slice(1).toLowerCase();
}
