// ao_passes: what the multipliers of the lanes do in a clock.
// Page: docs/blocks/output-stage-lanes.md, section 5.
module ao_passes (
    input  wire        moves,        // stage 2 is rounded
    input  wire        active,       // neither idle nor waiting
    input  wire [3:0]  pass,
    input  wire        valid0,
    input  wire        valid1,
    input  wire [2:0]  kind,
    input  wire [5:0]  mode,
    input  wire [1:0]  add_mode,
    input  wire        two_bytes,    // of an operand
    input  wire        four_bytes,
    input  wire [5:0]  opa_shift,
    output wire [14:0] job,          // to every lane; ao_lane says the order
    output wire [4:0]  head,         // HEAD
    output wire [5:0]  combine_places,
    output wire        write_opd,    // in lanes of stage 0
    output wire        write_product0,
    output wire        write_product1,   // in lanes of stage 1
    output wire        write_val         // in lanes of stage 1
);
    wire element    = kind == 3'd5;
    wire is_add     = element & (mode == 6'd1);
    wire is_sub     = element & (mode == 6'd2);
    wire is_mul     = element & (mode == 6'd0);
    wire to_add     = (is_add | is_sub) & ~four_bytes;
    wire a_shifts   = ^add_mode;     // one operand has a scale of 32 bits: add_mode 1, 2

    // case A
    wire combines = to_add & valid0;
    wire case_a   = combines & ~|pass[3:2] & active;
    wire a_first  = case_a & (pass[1:0] == 2'd0);
    wire a_second = case_a & (pass[1:0] == 2'd1);
    wire a_third  = case_a & (pass[1:0] == 2'd2);

    wire [5:0] most = two_bytes ? 6'd15 : 6'd20;
    wire [5:0] room = ~opa_shift;    // 63 - opa_shift
    wire [5:0] least = most < room ? most : room;
    assign head           = least[4:0];   // at most 20
    assign combine_places = opa_shift + least;

    // case B
    wire       case_b = valid1 & (kind != 3'd2) & active & ~(combines & ~|pass[3:2]);
    wire [3:0] j      = combines ? pass - 4'd4 : pass;
    wire       j0     = j == 4'd0;
    wire       j1     = j == 4'd1;
    wire       j2     = j == 4'd2;
    wire       mul4   = is_mul & four_bytes;
    wire       mul    = is_mul & ~four_bytes;

    wire v_times_opd = mul4 | (mul & j0);
    wire opd_high    = mul4 & j1;
    wire opd_sign    = mul;
    wire scale_high  = mul ? j2 : j1;
    wire b_adds      = mul ? j2 : j1;
    wire accumulate  = a_second | b_adds;
    wire up16        = a_second ? a_shifts : b_adds;
    wire cut64       = mul4 & j1;

    assign job = {a_first, a_second, a_third, a_shifts, is_sub, v_times_opd, opd_high, opd_sign, scale_high,
                  accumulate, up16, cut64, moves, to_add, four_bytes};

    assign write_opd      = a_third;
    assign write_val      = case_b & mul & j0;
    assign write_product0 = a_first | a_second;
    assign write_product1 = case_b & ((j0 & ~mul) | j1 | (j2 & mul));
endmodule
