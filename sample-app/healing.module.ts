import { Module } from '@nestjs/common';
import { type CircuitBreakerOptions, ResilienceModule } from 'nestjs-selfheal';
import { ResilienceDashboardModule } from 'nestjs-selfheal/dashboard';
import { ClientsModule } from './clients.module.js';
import { Inventory } from './inventory/inventory.js';
import { LoopbackGuard } from './http/loopback.guard.js';
import { InventoryService } from './inventory/inventory.service.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersService } from './orders/orders.service.js';
import { Records, RecordsModule } from './orders/records.module.js';
import { Payments } from './payments/payments.js';
import { PaymentsService } from './payments/payments.service.js';
import { Shipping } from './shipping/shipping.js';
import { ShippingService } from './shipping/shipping.service.js';
import { HealingStats } from './stats/healing-stats.js';
import { Stats } from './stats/stats.js';

// The library's defaults but for two: at 50 calls a second a window of 2 s tells enough, and upstreams
// on the same machine may be asked again every second.
const breaker: CircuitBreakerOptions = {
  slidingWindow: { type: 'time', size: '2s' },
  waitDurationInOpenState: { initialDelay: '500ms', maxDelay: '1s' },
};

/** The decorated services, and the module that carries their decorators out. */
@Module({
  imports: [
    ClientsModule,
    ResilienceModule.forRootAsync({
      imports: [RecordsModule],
      inject: [Records],
      useFactory: ({ store }: Records) => ({
        circuitBreakers: { payments: breaker, inventory: breaker, shipping: breaker },
        idempotency: { namespace: 'sample-shop', store },
      }),
    }),
    // The live page, and who may open and close breakers on it.
    ResilienceDashboardModule.forRoot({ title: 'sample shop', guard: LoopbackGuard }),
  ],
  controllers: [OrdersController],
  providers: [
    OrdersService,
    { provide: Inventory, useClass: InventoryService },
    { provide: Shipping, useClass: ShippingService },
    { provide: Payments, useClass: PaymentsService },
    { provide: Stats, useClass: HealingStats },
  ],
  exports: [Inventory, Shipping, Payments, Stats],
})
export class HealingModule {}
