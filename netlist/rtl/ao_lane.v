// ao_lane: what a lane of the output stage does in a clock. Its registers stand in output_stage.
// Page: docs/blocks/output-stage-lanes.md, sections 4 to 6.
//
// One multiplier of 64 x 18 bits with an 80-bit adder, one rounding shifter and one shifter to the left; ao_passes says what they do.
module ao_lane (
    // registers of the lane
    input  wire [39:0] first,         // in
    input  wire [31:0] second,        // in2
    input  wire [63:0] opd,
    input  wire [63:0] val,
    input  wire [31:0] lscale,
    input  wire [79:0] product,       // prodhi, prodlo
    input  wire [5:0]  pshift,
    input  wire [31:0] res,
    // what is done in this clock, and the scale record of the lane
    input  wire [14:0] job,
    input  wire [4:0]  head,
    input  wire [5:0]  combine_places,
    input  wire [39:0] record_bias,
    input  wire [31:0] record_scale,
    input  wire [5:0]  record_shift,
    input  wire [31:0] mean_scale,
    input  wire [5:0]  mean_shift,
    // settings
    input  wire [2:0]  kind,
    input  wire [5:0]  mode,
    input  wire        uses_scales, mean, is_binary, swap, ifm2_signed, ofm_signed,
    input  wire [1:0]  add_mode,
    input  wire        two_bytes,     // of an operand
    input  wire [16:0] ifm_zero, ifm2_zero,
    input  wire [31:0] opa_scale,
    input  wire [15:0] opb_scale,
    input  wire [31:0] ofm_scale,
    input  wire [5:0]  ofm_shift,
    input  wire [1:0]  round,
    input  wire [2:0]  ofm_bytes,
    input  wire [16:0] ofm_zero,
    input  wire [4:0]  act,
    input  wire [2:0]  clip_to,
    input  wire [16:0] act_min, act_max,
    input  wire [31:0] lut_data,
    // values for the registers
    output wire [63:0] opd_next,
    output wire [63:0] pass_val,      // from a pass of the multiplier
    output wire [79:0] pass_product,
    output wire [63:0] bias_val,      // from the bias stage
    output wire [31:0] bias_scale,
    output wire [5:0]  bias_shift,
    output wire [31:0] res_next,
    output wire [31:0] out_next,
    output wire [10:0] lut_addr
);
    // ---- jobs ----
    wire a_first, a_second, a_third, a_shifts, is_sub, v_times_opd, opd_high, opd_sign, scale_high;
    wire accumulate, up16, cut64, moves, to_add, four_bytes;
    assign {a_first, a_second, a_third, a_shifts, is_sub, v_times_opd, opd_high, opd_sign, scale_high,
            accumulate, up16, cut64, moves, to_add, four_bytes} = job;

    // ---- operands, 6.1 ----
    wire [40:0] a, b;
    ao_operands operands (
        .first(first), .second(second), .is_binary(is_binary), .swap(swap), .second_wide(four_bytes & ~ifm2_signed),
        .ifm_zero(ifm_zero), .ifm2_zero(ifm2_zero), .a(a), .b(b)
    );
    wire        other = add_mode == 2'd2;
    wire [40:0] x     = other ? b : a;
    wire [40:0] y     = other ? a : b;

    // ---- the shifter to the left: x * 2^HEAD, y * 2^LEFT, or SHL ----
    wire [4:0]  left_by = a_third ? (two_bytes ? 5'd14 : 5'd19) : to_add ? head : b[4:0];
    wire [40:0] left_of = a_third ? y : to_add ? x : a;
    wire [63:0] shifted = {{23{left_of[40]}}, left_of} << left_by;

    // ---- the multiplier, 5 ----
    wire        combines = a_first | a_second;
    wire [63:0] b64      = {{23{b[40]}}, b};
    wire [63:0] plain    = a_first ? {{23{a[40]}}, a} : is_sub ? -b64 : b64;
    wire signed [63:0] multiplicand = ~combines ? val : a_shifts ? shifted : plain;
    wire [15:0] opa      = a_second ? opa_scale[31:16] : opa_scale[15:0];
    wire [17:0] a_factor = {2'd0, a_second & ~a_shifts ? opb_scale : opa};
    wire [17:0] by_opd   = opd_high ? opd[33:16] : {opd[17:16] & {2{opd_sign}}, opd[15:0]};
    wire [17:0] by_scale = {2'd0, scale_high ? lscale[31:16] : lscale[15:0]};
    wire signed [17:0] factor = combines ? a_factor : v_times_opd ? by_opd : by_scale;
    wire signed [81:0] times  = multiplicand * factor;
    wire [79:0] placed   = up16 ? {times[63:0], 16'd0} : times[79:0];
    wire [79:0] sum      = (accumulate ? product : 80'd0) + placed;
    wire [1:0]  unused_times = times[81:80];
    assign pass_product  = cut64 ? {{16{sum[63]}}, sum[63:0]} : sum;
    assign pass_val      = times[63:0];

    // ---- the rounding shifter, 4.2 and pass 2 of ADD and SUB ----
    wire [63:0] rounded;
    ao_round rounder (
        .product(product), .places(moves ? pshift : combine_places), .mode(moves ? round : 2'd0), .rounded(rounded)
    );
    wire fits = (&rounded[63:31]) | ~(|rounded[63:31]);
    assign res_next = fits ? rounded[31:0] : {rounded[63], {31{~rounded[63]}}};

    wire        minus_y = is_sub & (add_mode == 2'd1);
    wire        minus_q = is_sub & ~minus_y;
    wire [63:0] joined  = (rounded ^ {64{minus_q}}) + (shifted ^ {64{minus_y}}) + {63'd0, is_sub};
    assign opd_next = ~a_third ? {{23{b[40]}}, b} : a_shifts ? joined : product[63:0];

    // ---- bias, 6 ----
    wire [63:0] ew_val;
    wire [31:0] ew_scale;
    wire [5:0]  ew_shift;
    ao_elementwise elementwise (
        .mode(mode), .four_bytes(four_bytes), .a(a), .b(b), .joined(opd), .shifted(shifted), .ofm_scale(ofm_scale), .ofm_shift(ofm_shift),
        .value(ew_val), .factor(ew_scale), .places(ew_shift)
    );
    wire by_maximum = kind == 3'd2;
    wire by_mean    = (kind == 3'd3) & mean;
    wire by_record  = (kind[2:1] == 2'd0) & uses_scales;
    wire by_element = kind == 3'd5;
    wire [63:0] u   = {{24{first[39]}}, first};
    assign bias_val   = by_element ? ew_val : by_record ? u + {{24{record_bias[39]}}, record_bias} : u;
    assign bias_scale = by_element ? ew_scale : by_record ? record_scale : by_mean ? mean_scale : by_maximum ? 32'd1 : ofm_scale;
    assign bias_shift = by_element ? ew_shift : by_record ? record_shift : by_mean ? mean_shift : by_maximum ? 6'd0 : ofm_shift;

    // ---- activation, 4.3, with the rounding of this clock ----
    ao_activate activate (
        .res(moves ? res_next : res), .ofm_bytes(ofm_bytes), .ofm_signed(ofm_signed), .ofm_zero(ofm_zero), .act(act), .clip_to(clip_to),
        .act_min(act_min), .act_max(act_max), .lut_data(lut_data), .lut_addr(lut_addr), .out(out_next)
    );
endmodule
