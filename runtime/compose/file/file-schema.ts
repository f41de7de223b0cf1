import * as z from 'zod/mini'
import { once } from '../../spec/once.ts'
import { serviceSchema } from './service-schema.ts'
import { anyMap, fields, fieldsOrNothing, flag, mapOrList, text, wordOrWords } from './shape.ts'

const external = once(() => z.union([flag(), fields({ name: text() })], 'true or false'))

/** @see https://github.com/compose-spec/compose-spec/blob/main/06-networks.md */
const network = once(() =>
  fieldsOrNothing({
    attachable: flag(),
    driver: text(),
    driver_opts: mapOrList(),
    enable_ipv4: flag(),
    enable_ipv6: flag(),
    external: external(),
    internal: flag(),
    ipam: fields({
      driver: text(),
      options: anyMap(),
      config: z.array(
        fields({ subnet: text(), ip_range: text(), gateway: text(), aux_addresses: mapOrList() }),
      ),
    }),
    labels: mapOrList(),
    name: text(),
  }),
)

/** @see https://github.com/compose-spec/compose-spec/blob/main/07-volumes.md */
const volume = once(() =>
  fieldsOrNothing({
    driver: text(),
    driver_opts: mapOrList(),
    external: external(),
    labels: mapOrList(),
    name: text(),
  }),
)

/** @see https://github.com/compose-spec/compose-spec/blob/main/09-secrets.md */
const source = once(() =>
  fieldsOrNothing({
    content: text(),
    driver: text(),
    driver_opts: mapOrList(),
    environment: text(),
    external: external(),
    file: text(),
    labels: mapOrList(),
    name: text(),
    template_driver: text(),
  }),
)

const included = once(() =>
  z.union(
    [
      z.string(),
      fields({ path: wordOrWords(), project_directory: text(), env_file: wordOrWords() }),
    ],
    'a path, or a mapping with path',
  ),
)

/** One Compose file, before it is merged with others. */
export const fileSchema = once(() =>
  fields({
    configs: z.record(z.string(), source()),
    include: z.array(included()),
    models: z.unknown(),
    name: text(),
    networks: z.record(z.string(), network()),
    secrets: z.record(z.string(), source()),
    services: z.record(z.string(), serviceSchema()),
    version: z.unknown(),
    volumes: z.record(z.string(), volume()),
  }),
)

export type WrittenFile = z.infer<ReturnType<typeof fileSchema>>
