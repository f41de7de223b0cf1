import { parseIp } from '../../../container/parse/ip-address.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'

/** `network update` */
export const networkUpdateCommand: Command = {
  usage: '[OPTIONS] NETWORK',
  summary: 'Change the name servers that a network asks',
  flags: [
    flag('list', 'dns-add', 'Ask this name server too, in place of those of the host'),
    flag('list', 'dns-drop', 'Ask this name server no more'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args: [network = ''], io, engine }) {
    const list = (name: string): string[] =>
      flags.list(name).flatMap((text) => text.split(',').map((one) => parseIp(one)))
    const change = { add: list('dns-add'), drop: list('dns-drop') }
    await (await engine()).networkUpdate(network, change)
    io.stdout.write(`${network}\n`)
    return 0
  },
}
