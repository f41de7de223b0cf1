import { isObject, plainText, textAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { layOutTabs } from './lay-out-tabs.ts'

/** What `describe` writes: lines whose cells are divided by tabs and that are laid out at the end. */
export interface Page {
  /** @param level of two spaces each */
  line(level: number, ...cells: readonly unknown[]): void
  /** Lines as they are, with their tabs. */
  raw(text: string): void
  /** `Labels:` with one a line, the first beside the title. */
  map(title: string, entries: unknown): void
  text(): string
  /** With its tabs. */
  tabbed(): string
}

export const none = '<none>'
export const unset = '<unset>'
/** No longer is an annotation beside its name. */
const mostAnnotation = 140
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export function makePage(): Page {
  let text = ''
  const page: Page = {
    line: (level, ...cells) => {
      text += `${'  '.repeat(level)}${cells.map(shown).join('\t')}\n`
    },
    raw: (more) => {
      text += more
    },
    map: (title, entries) => {
      const lines = sorted(entries).map(([key, value]) => `${key}=${shown(value)}`)
      list(page, `${title}:`, lines)
    },
    text: () => layOutTabs(text),
    tabbed: () => text,
  }
  return page
}

/** A title with the first line beside it and the others below. */
export function list(page: Page, title: string, lines: readonly string[]): void {
  if (lines.length === 0) page.line(0, title, none)
  for (const [index, line] of lines.entries()) page.line(0, index === 0 ? title : '', line)
}

export function annotations(page: Page, entries: unknown, title = 'Annotations'): void {
  const lines = sorted(entries)
    .filter(([key]) => key !== lastApplied)
    .flatMap(([key, given]) => {
      const value = shown(given).replace(/\n$/, '')
      if (key.length + value.length + 2 <= mostAnnotation && !value.includes('\n'))
        return [`${key}: ${value}`]
      return [`${key}:`, ...value.split('\n').map((line) => `  ${shorten(line)}`)]
    })
  list(page, `${title}:`, lines)
}

function shorten(line: string): string {
  const most = mostAnnotation - 2
  return line.length > most ? `${line.slice(0, most)}...` : line
}

/** What every description begins with. */
export function heading(page: Page, { metadata }: KubeObject): void {
  page.line(0, 'Name:', metadata.name)
  if (metadata.namespace !== undefined) page.line(0, 'Namespace:', metadata.namespace)
}

export function labels(page: Page, { metadata }: KubeObject): void {
  page.map('Labels', metadata.labels)
}

export function sorted(entries: unknown): [string, unknown][] {
  if (!isObject(entries)) return []
  return Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

export function controlledBy(page: Page, { metadata }: KubeObject): void {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (owner) page.line(0, 'Controlled By:', `${owner.kind}/${owner.name}`)
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** In the form of RFC 1123 with a numeric zone, which is that of this machine. */
export function timeText(time: unknown): string {
  const date = new Date(typeof time === 'string' ? time : Number.NaN)
  if (Number.isNaN(date.getTime())) return unset
  const two = (number: number): string => String(number).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  const ahead = -date.getTimezoneOffset()
  const zone = `${ahead < 0 ? '-' : '+'}${two(Math.floor(Math.abs(ahead) / 60))}${two(Math.abs(ahead) % 60)}`
  return `${days[date.getDay()]}, ${two(date.getDate())} ${months[date.getMonth()]} ${date.getFullYear()} ${clock} ${zone}`
}

export function timeAt(object: unknown, ...path: string[]): string {
  return timeText(textAt(object, path))
}

/** A truth as a word with a capital letter. */
export function truth(value: unknown): string {
  return value === true ? 'True' : 'False'
}

/** A value as Go prints it. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(' ')}]`
  return plainText(value)
}
