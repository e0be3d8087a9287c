// ao_divisor: scale and shift of an average that divides by its valid taps.
// Page: docs/blocks/output-stage-lanes.md, section 6, "Divisor".
module ao_divisor (
    input  wire [15:0] ty, tx,
    input  wire [2:0]  stride_y, stride_x,
    input  wire [6:0]  pad_top, pad_left,
    input  wire        two_y, two_x,   // dilation 2, else 1
    input  wire [16:0] kernel_h, kernel_w,
    input  wire [18:0] ifm_h, ifm_w,
    output reg  [31:0] scale,
    output wire [5:0]  shift
);
    wire [6:0] rows, columns;
    ao_inside inside_y (
        .position(ty), .stride(stride_y), .pad(pad_top), .two(two_y), .taps(kernel_h), .extent(ifm_h), .number(rows)
    );
    ao_inside inside_x (
        .position(tx), .stride(stride_x), .pad(pad_left), .two(two_x), .taps(kernel_w), .extent(ifm_w), .number(columns)
    );
    wire [13:0] taps = {7'd0, rows} * {7'd0, columns};
    // number of valid taps, less one: 0..63
    wire [5:0]  less = ~|taps ? 6'd0 : |taps[13:6] ? 6'd63 : taps[5:0] - 6'd1;

    wire [2:0] length = less[5] ? 3'd6 : less[4] ? 3'd5 : less[3] ? 3'd4 : less[2] ? 3'd3 : less[1] ? 3'd2 : {2'd0, less[0]};
    assign shift = {3'd0, length} + 6'd31;

    // floor((2^(31 + length) + 2^length) / (less + 1))
    always @*
        case (less)
            6'd0: scale = 32'h80000001; 6'd1: scale = 32'h80000001; 6'd2: scale = 32'haaaaaaac; 6'd3: scale = 32'h80000001;
            6'd4: scale = 32'hccccccce; 6'd5: scale = 32'haaaaaaac; 6'd6: scale = 32'h92492493; 6'd7: scale = 32'h80000001;
            6'd8: scale = 32'he38e38e5; 6'd9: scale = 32'hccccccce; 6'd10: scale = 32'hba2e8ba4; 6'd11: scale = 32'haaaaaaac;
            6'd12: scale = 32'h9d89d89e; 6'd13: scale = 32'h92492493; 6'd14: scale = 32'h88888889; 6'd15: scale = 32'h80000001;
            6'd16: scale = 32'hf0f0f0f2; 6'd17: scale = 32'he38e38e5; 6'd18: scale = 32'hd79435e6; 6'd19: scale = 32'hccccccce;
            6'd20: scale = 32'hc30c30c4; 6'd21: scale = 32'hba2e8ba4; 6'd22: scale = 32'hb21642c9; 6'd23: scale = 32'haaaaaaac;
            6'd24: scale = 32'ha3d70a3e; 6'd25: scale = 32'h9d89d89e; 6'd26: scale = 32'h97b425ee; 6'd27: scale = 32'h92492493;
            6'd28: scale = 32'h8d3dcb09; 6'd29: scale = 32'h88888889; 6'd30: scale = 32'h84210843; 6'd31: scale = 32'h80000001;
            6'd32: scale = 32'hf83e0f85; 6'd33: scale = 32'hf0f0f0f2; 6'd34: scale = 32'hea0ea0eb; 6'd35: scale = 32'he38e38e5;
            6'd36: scale = 32'hdd67c8a7; 6'd37: scale = 32'hd79435e6; 6'd38: scale = 32'hd20d20d3; 6'd39: scale = 32'hccccccce;
            6'd40: scale = 32'hc7ce0c7e; 6'd41: scale = 32'hc30c30c4; 6'd42: scale = 32'hbe82fa0d; 6'd43: scale = 32'hba2e8ba4;
            6'd44: scale = 32'hb60b60b7; 6'd45: scale = 32'hb21642c9; 6'd46: scale = 32'hae4c415d; 6'd47: scale = 32'haaaaaaac;
            6'd48: scale = 32'ha72f053a; 6'd49: scale = 32'ha3d70a3e; 6'd50: scale = 32'ha0a0a0a1; 6'd51: scale = 32'h9d89d89e;
            6'd52: scale = 32'h9a90e7da; 6'd53: scale = 32'h97b425ee; 6'd54: scale = 32'h94f20950; 6'd55: scale = 32'h92492493;
            6'd56: scale = 32'h8fb823ef; 6'd57: scale = 32'h8d3dcb09; 6'd58: scale = 32'h8ad8f2fc; 6'd59: scale = 32'h88888889;
            6'd60: scale = 32'h864b8a7e; 6'd61: scale = 32'h84210843; 6'd62: scale = 32'h82082083;
            // 80000001; not a constant, so that yosys makes gates of the table and no memory
            default: scale = {1'b1, 30'd0, less[0]};
        endcase
endmodule
