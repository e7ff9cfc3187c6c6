import { Module } from '@nestjs/common';
import { UpstreamClient } from './http/upstream.client.js';
import { InventoryClient } from './inventory/inventory.client.js';
import { PaymentsClient } from './payments/payments.client.js';
import { ShippingClient } from './shipping/shipping.client.js';

const CLIENTS = [UpstreamClient, InventoryClient, ShippingClient, PaymentsClient];

/** How the upstreams are asked: the same code for both halves. */
@Module({ providers: CLIENTS, exports: CLIENTS })
export class ClientsModule {}
