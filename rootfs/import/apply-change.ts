import { OperationError } from '../../native/error.ts'

type Config = Record<string, unknown>

/** Parts of an OCI "config" object that `--change` may set, one instruction each, as in a Dockerfile. */
export function applyChange(config: Config, change: string): void {
  const match = /^\s*([A-Za-z]+)\s*=?\s*([\s\S]*)$/.exec(change)
  const instruction = match?.[1]?.toUpperCase() ?? ''
  const value = match?.[2]?.trim() ?? ''
  const apply = Object.hasOwn(instructions, instruction) ? instructions[instruction] : undefined
  if (!apply || value === '')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'apply a change',
      { change },
      { hint: `Use one of ${Object.keys(instructions).join(', ')} with a value` },
    )
  apply(config, value)
}

const instructions: Readonly<Record<string, (config: Config, value: string) => void>> = {
  CMD: (config, value) => void (config['Cmd'] = commandLine(value)),
  ENTRYPOINT: (config, value) => void (config['Entrypoint'] = commandLine(value)),
  ENV: (config, value) => {
    const [name, setting] = assignment(value)
    const others = texts(config['Env']).filter((known) => !known.startsWith(`${name}=`))
    config['Env'] = [...others, `${name}=${setting}`]
  },
  LABEL: (config, value) => {
    config['Labels'] = Object.fromEntries([...entries(config['Labels']), assignment(value)])
  },
  USER: (config, value) => void (config['User'] = value),
  WORKDIR: (config, value) => void (config['WorkingDir'] = value),
  STOPSIGNAL: (config, value) => void (config['StopSignal'] = value),
  EXPOSE: (config, value) => {
    const ports = value.split(/\s+/).map((port) => [port.includes('/') ? port : `${port}/tcp`, {}])
    config['ExposedPorts'] = Object.fromEntries([...entries(config['ExposedPorts']), ...ports])
  },
  VOLUME: (config, value) => {
    const paths = value.startsWith('[') ? commandLine(value) : value.split(/\s+/)
    const volumes = paths.map((path) => [path, {}])
    config['Volumes'] = Object.fromEntries([...entries(config['Volumes']), ...volumes])
  },
  ONBUILD: (config, value) => void (config['OnBuild'] = [...texts(config['OnBuild']), value]),
}

/** A JSON array, or a line for the shell. */
function commandLine(value: string): string[] {
  if (value.startsWith('[')) {
    try {
      const words: unknown = JSON.parse(value)
      if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words
    } catch {
      // As in a Dockerfile: what is no JSON is a line for the shell.
    }
  }
  return ['/bin/sh', '-c', value]
}

function assignment(value: string): [string, string] {
  const [, name = value, setting = ''] = /^([^=\s]+)(?:=|\s+)([\s\S]*)$/.exec(value) ?? []
  const quoted = /^"([\s\S]*)"$/.exec(setting)
  return [name, quoted?.[1] ?? setting]
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
