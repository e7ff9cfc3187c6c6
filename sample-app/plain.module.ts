import { Module } from '@nestjs/common';
import { ClientsModule } from './clients.module.js';
import { Inventory } from './inventory/inventory.js';
import { PlainInventoryService } from './inventory/plain-inventory.service.js';
import { Payments } from './payments/payments.js';
import { PlainPaymentsService } from './payments/plain-payments.service.js';
import { PlainShippingService } from './shipping/plain-shipping.service.js';
import { Shipping } from './shipping/shipping.js';
import { Stats } from './stats/stats.js';

/** The undecorated services. An application with this module does not even load the library. */
@Module({
  imports: [ClientsModule],
  providers: [
    { provide: Inventory, useClass: PlainInventoryService },
    { provide: Shipping, useClass: PlainShippingService },
    { provide: Payments, useClass: PlainPaymentsService },
    Stats,
  ],
  exports: [Inventory, Shipping, Payments, Stats],
})
export class PlainModule {}
