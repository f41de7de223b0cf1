// The `linux.resources` section of a configuration, read-only: planning changes nothing in it.
// https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups

import type { Int64 } from '../spec/integer.ts'
import type { Resources } from '../spec/resources.ts'

type DeepReadonly<T> = T extends number | bigint | string | boolean | undefined
  ? T
  : { readonly [K in keyof T]: DeepReadonly<T[K]> }

/** 64-bit values may come as bigint, so that nothing is rounded. */
export type Integer = Int64

export type CgroupResources = DeepReadonly<Resources>
export type DeviceRule = NonNullable<CgroupResources['devices']>[number]
export type MemoryResources = NonNullable<CgroupResources['memory']>
export type CpuResources = NonNullable<CgroupResources['cpu']>
export type BlockIoResources = NonNullable<CgroupResources['blockIO']>
export type HugepageLimit = NonNullable<CgroupResources['hugepageLimits']>[number]
export type ThrottleDevice = NonNullable<BlockIoResources['throttleReadBpsDevice']>[number]
export type WeightDevice = NonNullable<BlockIoResources['weightDevice']>[number]
