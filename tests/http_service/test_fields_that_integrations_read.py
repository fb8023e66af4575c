"""Integrations read answers by name. What is described is answered: it is enough to look there."""

import pytest

from http_service.description import usual

ROW = "id transaction_id retailer_id store_id create_date last_updated custom_data"
DISCOUNT = (
    "reference_id reference_id_type pos_discount_id status display_name discount_source amount"
    " stack_order applied_time user_id discounted_line_ids discounted_line_id_quantities"
)
READ = {
    "Discount": DISCOUNT,
    "AppliedDiscount": f"{ROW} {DISCOUNT} image_url",
    "SoldLine": f"{ROW} line_id pos_item_key master_item_id catalog_lineages quantity unit_price"
    " subtotal tax_included modifies_line_id status",
    "Paid": f"{ROW} payment_id amount type payment_time user_id",
    "Sale": "id pos_transaction_id from_transaction_id from_pos_transaction_id is_closed is_voided"
    " channel pos_employee_id sm_employee_id table_id guest_count subtotal taxtotal open_time"
    " modified_time items payments discounts custom_data business_def_collection check_amount"
    " sm_transaction_process_date create_date last_updated include_tax retailer_id store_id"
    " store_time_zone user_id request_id rewards_system_id location_lineages"
    " location_lineages_core state granted granted_offers",
    "Place": "id name type",
    "SalesPage": "total_records results pagination_token",
    "Receipt": "status payload transaction_id",
    "HeldOffer": "reference_id reference_id_type pos_discount_id display_name description image_url"
    " amount discounted_line_ids expiration_date",
    "Wallet": "user user_id user_offers total_records offer_groups offer_categories total_points"
    " available_points",
    "Holder": "opted_in activated",
    "UserOffer": "id offer_id root_offer_id offer_group_id offer_type name description"
    " is_redeemable start_date expiration_date redemption_end_date media",
    "OfferGroup": "id name sort_order",
    "IssuedOffer": "user_id user_offer_id offer_id root_offer_id pending_extended_data fail_reason",
    "OfferDetails": "offer_id acquisition_count redemption_count total_inventory"
    " available_inventory_remaining",
    "RewardStores": "reward_stores point_account_balances",
    "Shelf": "reward_store_offers total_rows skip take",
    "StoreOffer": "id root_offer_id reward_store_id price start_date end_date offer_details",
    "SoldOffer": "internal_name title description terms media reward_store_media points"
    " acquisition_start_date acquisition_end_date pos_discount_id offer_status"
    " offer_inventory_restrictions",
    "Purchase": "status_list summary",
    "Balances": "retailer_id user_id summary details",
    "BalanceSummary": "total_points life_time_points",
    "AccountBalance": "account_name user_point_account_id point_account_id grouping_label"
    " available_balance life_time_value",
    "Spends": "details summary audits time_of_occurrence",
    "Spent": "amount_spent remaining_balance",
    "SpentLine": "account_name user_point_account_id point_account_id amount_spent"
    " remaining_balance reference_id reference_type tracking_id idempotency_id"
    " idempotency_summary error_status message error_response retailer_id user_id point_source_id",
    "Deposited": "details summary audits time_of_occurrence",
    "DepositSummary": "amount_deposited remaining_balance",
    "DepositedLine": "account_name user_point_account_id point_account_id amount_deposited"
    " remaining_balance reference_id reference_type tracking_id idempotency_id"
    " idempotency_summary error_status message error_response retailer_id user_id point_source_id",
    "Movement": "id retailer_id user_id account_name point_account_id user_point_account_id"
    " modification amount_spent amount_expired audit_type modification_type"
    " modification_entity_id spend_weight point_source_id point_source_name time_of_occurrence"
    " create_date request_id idempotency_id transaction_id",
    "User": "id external_id opted_in activated proxy_ids identifiers available_points test_points"
    " unclaimed_achievement_count email gender dob created_at updated_at address address2 city"
    " state zip country suspended last_name first_name registered_at profile_photo_url"
    " test_account account_status tier tier_system tier_points next_tier_points tier_ends_value"
    " tier_entered_at tier_resets_at tier_details referrer_code user_profile phone_numbers offers",
    "UserIdentifier": "external_id external_id_type",
    "UserPhone": "phone_number phone_type preference_flags verified_ownership",
    "TierDetails": "tier_levels point_account_balances",
    "HeldLevel": "id tier_system_id tier_level_id user_id join_date next_maintenance_eval_date"
    " tier_overview next_tier_overview tier_progress",
    "LevelOverview": "id tier_system_id retailer_id name rank status",
    "RuleTree": "rule_tree_id rules",
    "RuleNode": "rule_id parent_id tree_id rule_tree_name discriminator query_result rule_passed"
    " rule",
    "Rule": "id retailer_id parent_id discriminator target_balance comparison rank is_new"
    " constraints",
    "Constraint": "id rule_id discriminator point_accounts is_new rank version",
    "Timeline": "result grouping_field count event_types",
    "EventKind": "id name slug event_stream_event_category_id event_stream_stream_id",
    "TimelineRow": "event_stream_stream_id event_stream_event_category_id"
    " event_stream_event_type_id target_id timestamp created_at event_stream_payload contexts",
    "Bought": "event_type_name event_type_slug event_category_name event_category_slug"
    " pos_transaction_id items payments discounts check_amount",
    "CampaignsPage": "campaigns page page_size",
    "Campaigns": "tiles",
    "Tile": "campaign_id name start_date end_date custom_payload progress template",
    "Template": "type message",
    "Message": "header description image_url",
    "UserEvent": "id time_of_occurrence event_lookup user_id is_session_m",
    "Triggered": "user_event event_saved_successfully rules_processed_successfully outcomes",
    "Lockout": "policy_type consecutive_count cumulative_count expires_at reset_count duration",
}


@pytest.mark.parametrize("noun", READ)
def test_every_field_that_integrations_read_is_told(noun: str) -> None:
    told = usual().document["components"]["schemas"][noun]["properties"]
    assert [name for name in READ[noun].split() if name not in told] == []
