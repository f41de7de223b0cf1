import type { Config } from '../spec/config.ts'
import type { StateFolder } from './state-folder.ts'

/** Where a container finds its socket of sd_notify(3). */
const insideFolder = '/run/notify'

/**
 * A container whose caller wants to be notified gets a socket of its own: `start` passes on what is said there, for
 * systemd would not believe a process that it does not know.
 *
 * @returns the configuration with mount and variable, and the caller's socket
 */
export function withNotifySocket(
  folder: StateFolder,
  config: Config,
  env: NodeJS.ProcessEnv,
): { readonly config: Config; readonly socket: string | undefined } {
  const socket = env['NOTIFY_SOCKET'] ?? ''
  if (socket === '' || !config.process) return { config, socket: undefined }
  const variable = `NOTIFY_SOCKET=${insideFolder}/notify.sock`
  const others = (config.process.env ?? []).filter((line) => !line.startsWith('NOTIFY_SOCKET='))
  return {
    socket,
    config: {
      ...config,
      mounts: [
        ...(config.mounts ?? []),
        {
          destination: insideFolder,
          type: 'bind',
          source: folder.notify,
          options: ['bind', 'nosuid', 'noexec', 'nodev'],
        },
      ],
      process: { ...config.process, env: [...others, variable] },
    },
  }
}
