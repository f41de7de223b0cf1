/**
 * Go on where a line of the log cannot be written, because its disk is full or its reader gone: of a process that runs for
 * long, others depend. Node would end it.
 */
export function bearLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}
