import { readFileSync, readdirSync, statSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { ProcessTable, TopOptions } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import { containerPids } from './container-pids.ts'
import type { EngineContext } from './engine-context.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'
import { readStartRecord } from './start-record.ts'

// Read from /proc on the host, never by a program of the container's (CVE-2022-1227) and without
// ps(1), which a host may lack.

interface ProcessFacts {
  readonly pid: number
  readonly ppid: number
  readonly uid: number
  readonly command: string
  readonly args: string
  readonly state: string
  /** What ps(1) writes behind the state in STAT. */
  readonly flags: string
  readonly tty: string
  readonly startSeconds: number
  readonly cpuSeconds: number
  readonly cpuPercent: number
  readonly rssKib: number
  readonly vszKib: number
  readonly nice: number
}

/** clock ticks of /proc/PID/stat: USER_HZ is 100 on every architecture that we build for. */
const ticksPerSecond = 100
const pageKib = 4

type Column = readonly [title: string, value: (process: ProcessFacts) => string]

const columns: Readonly<Record<string, Column>> = {
  user: ['USER', (p) => userName(p.uid)],
  uid: ['UID', (p) => String(p.uid)],
  pid: ['PID', (p) => String(p.pid)],
  hpid: ['HPID', (p) => String(p.pid)],
  ppid: ['PPID', (p) => String(p.ppid)],
  pcpu: ['%CPU', (p) => p.cpuPercent.toFixed(1)],
  c: ['C', (p) => String(Math.floor(p.cpuPercent))],
  stime: ['STIME', (p) => startTime(p.startSeconds)],
  etime: ['ELAPSED', (p) => clock(Date.now() / 1000 - p.startSeconds)],
  tty: ['TTY', (p) => p.tty],
  time: ['TIME', (p) => clock(p.cpuSeconds)],
  cmd: ['CMD', (p) => p.args],
  args: ['COMMAND', (p) => p.args],
  comm: ['COMMAND', (p) => p.command],
  rss: ['RSS', (p) => String(p.rssKib)],
  vsz: ['VSZ', (p) => String(p.vszKib)],
  state: ['S', (p) => p.state],
  stat: ['STAT', (p) => p.state + p.flags],
  nice: ['NI', (p) => String(p.nice)],
}

const aliases: Readonly<Record<string, string>> = {
  '%cpu': 'pcpu',
  tname: 'tty',
  cputime: 'time',
  command: 'args',
  s: 'state',
  ni: 'nice',
  rssize: 'rss',
  vsize: 'vsz',
  start: 'stime',
  ucmd: 'comm',
}

/** Docker shows `ps -ef`. */
const fullFormat = ['user', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'cmd']
const userFormat = ['user', 'pid', 'pcpu', 'vsz', 'rss', 'tty', 'stat', 'stime', 'time', 'args']

/**
 * The processes of a running container.
 *
 * @throws {OperationError} `BAD_STATE` where it does not run, `INVALID_ARGUMENT` for a column
 */
export function topContainer(
  context: EngineContext,
  reference: string,
  options: TopOptions,
): ProcessTable {
  const record = resolveContainer(context.folders, reference)
  const state = readState(context.folders, record)
  const start = readStartRecord(containerFolder(context.folders, record.id))
  if (state.pid === 0 || !start)
    throw new OperationError(
      'BAD_STATE',
      `list the processes of ${record.name}`,
      { status: state.status },
      { hint: 'It must be running', exitCode: 1 },
    )
  return processTable(containerPids(start.cgroup, state.pid), options.arguments)
}

/**
 * Facts about processes, in the columns that arguments of ps(1) stand for.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a column
 */
export function processTable(pids: readonly number[], words: readonly string[]): ProcessTable {
  const wanted = chooseColumns(words)
  const processes = pids.flatMap((pid) => readProcess(pid) ?? [])
  return {
    titles: wanted.map(([title]) => title),
    rows: processes.map((process) => wanted.map(([, value]) => value(process))),
  }
}

function chooseColumns(words: readonly string[]): Column[] {
  const [first = '-ef', ...rest] = words
  if (first === '-o' || first === '-eo') return columnsNamed(rest)
  if (first.startsWith('-o')) return columnsNamed([first.slice(2), ...rest])
  if (/^-?[eflA]+$/.test(first)) return columnsNamed(fullFormat)
  if (/^-?a?u?x?w*$/.test(first)) return columnsNamed(userFormat)
  return columnsNamed(words)
}

function columnsNamed(words: readonly string[]): Column[] {
  return words
    .flatMap((word) => word.split(','))
    .map((word) => {
      const name = word.toLowerCase()
      const column = columns[aliases[name] ?? name]
      if (column) return column
      throw new OperationError(
        'INVALID_ARGUMENT',
        `show the column "${word}"`,
        {},
        { hint: `Columns are: ${Object.keys(columns).join(', ')}` },
      )
    })
}

function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const open = stat.indexOf('(')
    const close = stat.lastIndexOf(')')
    const field = stat.slice(close + 2).split(' ')
    const number = (index: number): number => Number(field[index - 3] ?? 0)
    const command = stat.slice(open + 1, close)
    const startSeconds = bootTime() + number(22) / ticksPerSecond
    const cpuSeconds = (number(14) + number(15)) / ticksPerSecond
    const alive = Math.max(Date.now() / 1000 - startSeconds, 0.01)
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return {
      pid,
      ppid: number(4),
      uid: statSync(`/proc/${pid}`).uid,
      command,
      args: args === '' ? `[${command}]` : args,
      state: field[0] ?? '?',
      flags: flagsOf(pid, number),
      tty: terminalName(number(7)),
      startSeconds,
      cpuSeconds,
      cpuPercent: (cpuSeconds / alive) * 100,
      rssKib: number(24) * pageKib,
      vszKib: number(23) / 1024,
      nice: number(19),
    }
  } catch {
    return undefined // It ended while we looked.
  }
}

/** @param field of proc_pid_stat(5), by its number */
function flagsOf(pid: number, field: (number: number) => number): string {
  const isSessionLeader = field(6) === pid
  const isForeground = field(8) === field(5)
  return [
    field(19) < 0 ? '<' : '',
    field(19) > 0 ? 'N' : '',
    isSessionLeader ? 's' : '',
    field(20) > 1 ? 'l' : '',
    isForeground ? '+' : '',
  ].join('')
}

let boot: number | undefined

/** Seconds since the epoch at which the kernel started, /proc/stat `btime`. */
function bootTime(): number {
  boot ??= Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0)
  return boot
}

/** Device number as /proc/PID/stat has it: minor in bits 31-20 and 7-0, major in 15-8. */
function terminalName(device: number): string {
  if (device === 0) return '?'
  const major = (device >> 8) & 0xff
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00)
  return major >= 136 && major <= 143 ? `pts/${minor + (major - 136) * 256}` : `tty${minor}`
}

let users: Map<number, string> | undefined

/** The host's name for a uid, as `docker top` shows it. */
function userName(uid: number): string {
  users ??= new Map(
    readdirSync('/etc').includes('passwd')
      ? readFileSync('/etc/passwd', 'utf8')
          .split('\n')
          .map((line) => line.split(':'))
          .map(([name = '', , id]) => [Number(id), name] as const)
      : [],
  )
  return users.get(uid) ?? String(uid)
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  const part = (value: number): string => String(value).padStart(2, '0')
  return `${part(Math.floor(whole / 3600))}:${part(Math.floor(whole / 60) % 60)}:${part(whole % 60)}`
}

function startTime(seconds: number): string {
  const start = new Date(seconds * 1000)
  const isToday = Date.now() - start.getTime() < 86_400_000
  return isToday
    ? start.toTimeString().slice(0, 5)
    : start.toDateString().slice(4, 10).replace(' ', '')
}
