import { Logger, type OnModuleInit } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { classOf, type HostWrapper, hostWrappers, plansBelow, prototypeOfInstance } from '../hosts.js';
import { allPlans, type MethodPlan } from '../method-plan.js';
import { ResilienceRuntime } from '../runtime/index.js';
import {
  adviseNames,
  checkHost,
  checkSingleRoot,
  checkStatic,
  type Checked,
  warnOfOverrides,
} from './boot-checks.js';
import { byMethod, describeMethod, type DescribedMethod, lineOf } from './described-method.js';
import { sweep } from './sweep.js';

interface Host {
  readonly wrapper: HostWrapper;
  readonly prototype: object;
}

/**
 * Looks at everything that Nest builds in this application: a wrong option stops the boot, instances that Nest did
 * not build itself are bound, and what stands around each method can be read.
 */
export class ResilienceExplorer implements OnModuleInit {
  private readonly logger = new Logger('Resilience');

  // Nothing of the runtime's: a request-scoped option must be found, not passed on to this class.
  constructor(
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** @throws {InvalidOptionsError} the first that is found */
  onModuleInit(): void {
    checkSingleRoot(this.modules);
    checkStatic(this.modules);
    const { runtime } = this;
    const wrappers = hostWrappers(this.modules);
    const checked: Checked = { modules: this.modules, wrappers, runtime };
    sweep(wrappers, runtime);
    runtime.addFeatures();
    const hosts = this.hosts();
    const plans = plansIn(hosts);
    for (const plan of plans) runtime.declare(plan);
    for (const { wrapper, prototype } of hosts) checkHost(wrapper, prototype, checked);
    runtime.engine.obtainNamed();
    if (runtime.options.logger === false) return;
    warnOfOverrides(plans, checked, this.logger);
    adviseNames(plans, checked, this.logger);
    for (const method of this.wired()) this.logger.debug(lineOf(method));
  }

  /**
   * Every decorated method: those that something in this application carries first, in module order, then those
   * that nothing here carries.
   */
  describe(): readonly DescribedMethod[] {
    const wired = this.wired();
    const carried = new Set(plansIn(this.hosts()));
    const others = byMethod(allPlans().filter((plan) => !carried.has(plan)));
    return [...wired, ...others.map((plans) => this.describeUnwired(plans))];
  }

  private get runtime(): ResilienceRuntime {
    return this.moduleRef.get(ResilienceRuntime, { strict: false });
  }

  private wired(): readonly DescribedMethod[] {
    const { runtime } = this;
    return byMethod(plansIn(this.hosts())).map((plans) =>
      describeMethod(
        plans.map((plan) => runtime.compile(plan)),
        true,
      ),
    );
  }

  /** What is written on a method that nothing here carries; it is not compiled, and shares nothing. */
  private describeUnwired(plans: readonly MethodPlan[]): DescribedMethod {
    const compiled = plans.map((plan) => ({ plan, operation: plan.text, steps: [], options: plan.policies }));
    return describeMethod(compiled, false);
  }

  private hosts(): readonly Host[] {
    return hostWrappers(this.modules).flatMap((wrapper) => {
      const prototype = classOf(wrapper)?.prototype ?? prototypeOfStatic(wrapper);
      return prototype === undefined || plansBelow(prototype).length === 0 ? [] : [{ wrapper, prototype }];
    });
  }
}

/** Of an instance that a factory or a value gave. */
function prototypeOfStatic(wrapper: HostWrapper): object | undefined {
  return wrapper.isDependencyTreeStatic() ? prototypeOfInstance(wrapper.instance) : undefined;
}

function plansIn(hosts: readonly Host[]): readonly MethodPlan[] {
  return [...new Set(hosts.flatMap(({ prototype }) => plansBelow(prototype)))];
}
