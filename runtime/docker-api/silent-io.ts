import type { CommandIo } from '../cli/command-io.ts'
import type { EngineContext } from '../container/engine-context.ts'

const nothing = { write: () => undefined }

async function* noInput(): AsyncGenerator<Uint8Array> {
  // There is none.
}

/** The outside for what is done on behalf of a client: no terminal, and nobody who reads. */
export function silentIo(
  { env }: Pick<EngineContext, 'env'>,
  input: AsyncIterable<Uint8Array> = noInput(),
): CommandIo {
  return {
    stdout: nothing,
    stderr: nothing,
    stdin: input,
    // Values of variables come with the request, never from the server's own environment.
    env: { PATH: env['PATH'] },
    cwd: '/',
    stdinIsTty: false,
    stdoutIsTty: false,
    columns: 80,
    rows: 24,
    attach: async () => undefined,
  }
}
