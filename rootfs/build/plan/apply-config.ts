import { constants } from 'node:os'
import { posix } from 'node:path'
import { complain } from '../dockerfile/dockerfile-error.ts'
import type {
  CommandInstruction,
  EnvInstruction,
  HealthcheckInstruction,
  LabelInstruction,
  ListInstruction,
  TextInstruction,
} from '../dockerfile/instruction.ts'
import { nearest } from '../dockerfile/nearest.ts'
import type { InstructionSource } from '../dockerfile/source.ts'
import { formatGoStrings, formatHealthcheck } from './go-format.ts'
import type { HealthcheckConfig } from './image-document.ts'
import { type StageState, withShell, withVariable } from './stage-state.ts'
import type { Expander } from './variables.ts'

// Each changes the configuration of the stage and returns what the history says about it.

export function applyEnv(state: StageState, node: EnvInstruction, expander: Expander): string {
  // All values see the variables as they were before the instruction.
  const pairs = node.pairs.map(({ name, value }) => [expander.word(name), expander.word(value)])
  let env = state.config.Env ?? []
  for (const [name = '', value = ''] of pairs) env = withVariable(env, name, value)
  state.config = { ...state.config, Env: env }
  return `ENV ${pairs.map((pair) => pair.join('=')).join(' ')}`
}

export function applyLabel(state: StageState, node: LabelInstruction, expander: Expander): string {
  const pairs = node.pairs.map(({ name, value }): [string, string] => [
    expander.word(name),
    expander.word(value),
  ])
  // fromEntries defines properties, so a label called __proto__ stays a label.
  const labels = Object.fromEntries([...Object.entries(state.config.Labels ?? {}), ...pairs])
  state.config = { ...state.config, Labels: labels }
  return `LABEL ${pairs.map((pair) => pair.join('=')).join(' ')}`
}

export function applyCommand(state: StageState, node: CommandInstruction): string {
  const words = withShell(state.config, node.command)
  const text = formatGoStrings(words)
  if (node.kind === 'cmd') {
    state.hasOwnCmd = true
    state.config = { ...state.config, Cmd: words }
    return `CMD ${text}`
  }
  const { Cmd: inherited, ...rest } = state.config
  const cmd = state.hasOwnCmd && inherited ? { Cmd: inherited } : {}
  state.config = { ...rest, ...cmd, Entrypoint: words.length === 0 ? null : words }
  return `ENTRYPOINT ${text}`
}

export function applyList(state: StageState, node: ListInstruction, expander: Expander): string {
  if (node.kind === 'volume') {
    const paths = node.values.map(expander.word)
    const added = paths.map((path): [string, object] => [path, {}])
    const volumes = Object.fromEntries([...Object.entries(state.config.Volumes ?? {}), ...added])
    state.config = { ...state.config, Volumes: volumes }
    return `VOLUME [${paths.join(' ')}]`
  }
  const ports = node.values.flatMap(expander.words).flatMap((port) => portRange(node.source, port))
  const added = ports.map((port): [string, object] => [port, {}])
  const all = Object.fromEntries([...Object.entries(state.config.ExposedPorts ?? {}), ...added])
  state.config = { ...state.config, ExposedPorts: all }
  return `EXPOSE map[${ports
    .toSorted()
    .map((port) => `${port}:{}`)
    .join(' ')}]`
}

/** "80", "80/udp", "8000-8010/tcp" as single ports with their protocol. */
function portRange(source: InstructionSource, text: string): string[] {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text)
  const first = Number(match?.[1])
  const last = Number(match?.[2] ?? match?.[1])
  if (!match || first < 1 || last > 65_535 || last < first)
    throw complain(source, {
      offset: Math.max(0, source.text.indexOf(text)),
      length: text.length,
      problem: `"${text}" is no port`,
      expected: 'PORT[-PORT][/tcp|udp|sctp], from 1 to 65535',
    })
  const protocol = match[3]?.toLowerCase() ?? 'tcp'
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${protocol}`)
}

export function applyText(state: StageState, node: TextInstruction, expander: Expander): string {
  if (node.kind === 'maintainer') {
    state.author = node.value
    return `MAINTAINER ${node.value}`
  }
  const value = expander.word(node.value)
  if (node.kind === 'user') {
    if (value === '') throw complain(node.source, { problem: 'the user is empty' })
    state.config = { ...state.config, User: value }
    return `USER ${value}`
  }
  if (node.kind === 'workdir') {
    const path = posix.resolve(state.config.WorkingDir || '/', value)
    state.config = { ...state.config, WorkingDir: path }
    return `WORKDIR ${path}`
  }
  requireSignal(node.source, value)
  state.config = { ...state.config, StopSignal: value }
  return `STOPSIGNAL ${value}`
}

function requireSignal(source: InstructionSource, value: string): void {
  const isNumber = /^[0-9]+$/.test(value) && Number(value) >= 1 && Number(value) <= 64
  const name = value.toUpperCase().replace(/^(?:SIG)?/, 'SIG')
  if (
    isNumber ||
    name in constants.signals ||
    /^SIGRTM(?:IN(?:\+1?[0-9])?|AX(?:-1?[0-9])?)$/.test(name)
  )
    return
  const close = nearest(name, Object.keys(constants.signals))
  throw complain(source, {
    offset: Math.max(0, source.text.indexOf(value)),
    length: Math.max(1, value.length),
    problem: `"${value}" is no signal`,
    expected: close ?? 'SIGTERM or another signal, or its number',
  })
}

export function applyHealthcheck(state: StageState, node: HealthcheckInstruction): string {
  const check = healthcheckConfig(node)
  state.config = { ...state.config, Healthcheck: check }
  return `HEALTHCHECK ${formatHealthcheck(check)}`
}

function healthcheckConfig(node: HealthcheckInstruction): HealthcheckConfig {
  const { command } = node
  if (!command) return { Test: ['NONE'] }
  return {
    Test: command.form === 'exec' ? ['CMD', ...command.words] : ['CMD-SHELL', command.line],
    ...(node.interval === 0 ? {} : { Interval: node.interval }),
    ...(node.timeout === 0 ? {} : { Timeout: node.timeout }),
    ...(node.startPeriod === 0 ? {} : { StartPeriod: node.startPeriod }),
    ...(node.startInterval === 0 ? {} : { StartInterval: node.startInterval }),
    ...(node.retries === 0 ? {} : { Retries: node.retries }),
  }
}
