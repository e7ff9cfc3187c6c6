import { Logger, type OnModuleInit } from '@nestjs/common';
import { LazyModuleLoader, type ModuleRef, type ModulesContainer } from '@nestjs/core';
import { type Host, hostsIn, hostWrappers, plansBelow } from '../hosts.js';
import { allPlans, type MethodPlan } from '../method-plan.js';
import { type CompiledMethod, ResilienceRuntime, servingRuntime } from '../runtime/index.js';
import { adviseNames, warnOfEndlessRetries, warnOfOverrides } from './boot-advice.js';
import { byMethod, describeMethod, type DescribedMethod, lineOf } from './described-method.js';
import { followLazyModules } from './lazy-modules.js';
import { checkHost } from './method-checks.js';
import { checkSingleRoot, checkStatic } from './root-checks.js';
import { sweep } from './sweep.js';

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

  /** Checks and binds everything; called by Nest. @throws {InvalidOptionsError} the first that is found */
  onModuleInit(): void {
    checkSingleRoot(this.modules);
    checkStatic(this.modules);
    const { runtime } = this;
    sweep(hostWrappers(this.modules), runtime);
    followLazyModules(this.moduleRef.get(LazyModuleLoader, { strict: false }), this.modules, runtime);
    runtime.addFeatures();
    const hosts = hostsIn(this.modules);
    const plans = plansIn(hosts);
    this.check(hosts, plans, runtime);
    if (runtime.options.logger === false) return;
    warnOfOverrides(plans, runtime, this.logger);
    adviseNames(plans, runtime, this.logger);
    warnOfEndlessRetries(runtime.methods, this.logger);
    for (const method of this.wired()) this.logger.debug(lineOf(method));
  }

  /**
   * Every decorated method: those that something in this application carries first, in module order, then those
   * that nothing here carries.
   */
  describe(): readonly DescribedMethod[] {
    const carried = new Set(plansIn(hostsIn(this.modules)));
    const others = byMethod(allPlans().filter((plan) => !carried.has(plan)));
    // A runtime aside: what nothing here carries must not take part in what this application shares.
    const aside = new ResilienceRuntime(this.runtime.options);
    return [...this.wired(), ...others.map((plans) => describeMethod(compiledBy(aside, plans), false))];
  }

  private get runtime(): ResilienceRuntime {
    return servingRuntime(this.moduleRef);
  }

  /** All plans are declared before the first is compiled: a shared object is made of what all say of it. */
  private check(hosts: readonly Host[], plans: readonly MethodPlan[], runtime: ResilienceRuntime): void {
    for (const plan of plans) runtime.declare(plan);
    for (const host of hosts) {
      for (const plan of plansBelow(host.prototype)) runtime.compile(plan);
      checkHost(host, this.modules, (plan) => runtime.names.of(plan));
    }
    for (const plan of plans) runtime.markChecked(plan);
    runtime.engine.obtainNamed();
  }

  private wired(): readonly DescribedMethod[] {
    const { runtime } = this;
    const methods = byMethod(plansIn(hostsIn(this.modules)));
    return methods.map((plans) => describeMethod(compiledBy(runtime, plans), true));
  }
}

function plansIn(hosts: readonly Host[]): readonly MethodPlan[] {
  return [...new Set(hosts.flatMap(({ prototype }) => plansBelow(prototype)))];
}

/** A method that no boot has checked may have a wrong option: then what was written is told. */
function compiledBy(runtime: ResilienceRuntime, plans: readonly MethodPlan[]): readonly CompiledMethod[] {
  return plans.map((plan) => {
    try {
      return runtime.compile(plan);
    } catch {
      return { plan, operation: runtime.names.of(plan), steps: [], options: plan.policies };
    }
  });
}
