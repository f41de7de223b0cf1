/** What a program needs to be told to serve in a container: in the foreground, on standard output. */
export interface ProgramKnowledge {
  readonly command?: readonly string[]
  readonly ports?: readonly string[]
  readonly stopSignal?: string
  /** Host paths beside its package's. */
  readonly paths?: readonly string[]
  /** Folders that its service manager would make. */
  readonly folders?: readonly string[]
}

const known: Readonly<Record<string, ProgramKnowledge>> = {
  nginx: {
    command: ['nginx', '-g', 'daemon off;'],
    ports: ['80/tcp'],
    stopSignal: 'SIGQUIT',
    paths: ['/var/www/html'],
  },
  apache2: {
    command: ['apache2', '-DFOREGROUND'],
    ports: ['80/tcp'],
    stopSignal: 'SIGWINCH',
    paths: ['/var/www/html'],
    folders: ['/run/apache2', '/run/lock/apache2'],
  },
  postgres: {
    ports: ['5432/tcp'],
    stopSignal: 'SIGINT',
    // Debian's is built to use the system's time zones.
    paths: ['/usr/share/zoneinfo'],
    folders: ['/run/postgresql'],
  },
  'redis-server': {
    command: ['redis-server', '--protected-mode', 'no'],
    ports: ['6379/tcp'],
  },
}

/** @returns an empty object for a program that is like any other */
export function programKnowledge(name: string): ProgramKnowledge {
  return Object.hasOwn(known, name) ? (known[name] ?? {}) : {}
}
